import t from 'tap';
import { licensesOf } from '../../build/licenses.ts';
import { sbomOf } from '../../build/sbom.ts';
import packageJson from '../../package.json' with { type: 'json' };

t.test('what the one binary is made of', async (t) => {
  const text = sbomOf('24.0.0', '3.50.0');
  t.equal(sbomOf('24.0.0', '3.50.0'), text, 'the same each time');
  const bom = JSON.parse(text);
  t.match(bom, { bomFormat: 'CycloneDX', specVersion: '1.5' });
  const refs: readonly string[] = bom.components.map(
    (component: { 'bom-ref': string }) => component['bom-ref'],
  );
  for (const [name, version] of Object.entries(packageJson.dependencies)) {
    t.ok(refs.includes(`${name}@${version}`), `${name} is in it`);
  }
  t.ok(refs.includes('node@24.0.0'));
  t.ok(refs.includes('sqlite@3.50.0'));
  for (const name of ['tap', 'typescript', 'esbuild', 'fast-check', 'smtp-server'] as const) {
    const ref = `${name}@${packageJson.devDependencies[name]}`;
    t.notOk(refs.includes(ref), `${name} is for development`);
  }
  t.notOk(refs.some((ref) => /^node-(linux|win)-/.test(ref)));
});

t.test('the licences of what it is made of', async (t) => {
  const text = licensesOf(process.execPath);
  for (const [name, version] of Object.entries(packageJson.dependencies)) {
    t.match(text, `${name} ${version} (`, `${name} is in it`);
  }
  for (const words of ['Apache License', 'Node.js is licensed', 'Joshua Wise', 'Matteo Collina']) {
    t.match(text, words, 'word for word');
  }
  t.notMatch(text, '(unknown)', 'every package names one');
  t.notMatch(text, `fast-check ${packageJson.devDependencies['fast-check']}`);
});
