import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from './root.ts';

/**
 * `npm run package`: what the npm package is made of, in `dist/npm`. Node strips types in no file below `node_modules`, so the
 * package holds each source as plain JavaScript, in the same place and with the same imports; what it depends on is installed
 * by npm.
 */
const TARGET = join(ROOT, 'dist', 'npm');

/** A place of one of our own files, in an import or in a URL. */
const OWN_FILE = /(["'])(\.{1,2}\/[^"'\n]+)\.ts\1/g;

const sources = ['lib', 'workers'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(folder, name)),
);
const { outputFiles } = await build({
  absWorkingDir: ROOT,
  entryPoints: sources,
  outbase: ROOT,
  outdir: TARGET,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  charset: 'utf8',
  define: { RECONCILED_PACKAGE: 'true' },
  write: false,
  logLevel: 'error',
});

rmSync(TARGET, { recursive: true, force: true });
for (const { path, text } of outputFiles) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text.replaceAll(OWN_FILE, '$1$2.js$1'));
}
const { name, version, type } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
writeFileSync(
  join(TARGET, 'package.json'),
  `${JSON.stringify({ name, version, type }, null, 2)}\n`,
);
process.stderr.write(`${outputFiles.length} files in ${relative(process.cwd(), TARGET)}\n`);
