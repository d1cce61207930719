// Node strips the types of no file below node_modules, and there the npm package lies. Imported first, in the process and in
// each of its threads, this lets Node read the package's own sources, with the very function that it uses elsewhere. So
// the package is the sources: nothing has to be built before `npm pack`. Plain JavaScript, because it runs before they do.
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = new URL('..', import.meta.url).href;

if (root.includes('/node_modules/')) {
  // Node calls it experimental, once, wherever it is first called. Whoever runs the package can do nothing about it.
  const { emitWarning } = process;
  process.emitWarning = () => {};
  stripTypeScriptTypes('');
  process.emitWarning = emitWarning;
  registerHooks({ load });
}

function load(url, context, next) {
  if (!url.startsWith(root) || !url.endsWith('.ts')) return next(url, context);
  const source = stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'));
  return { format: 'module', source, shortCircuit: true };
}
