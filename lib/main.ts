#!/usr/bin/env node
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `error: reconciled needs Node 24 or newer, and this is ${process.version}.\n` +
      'hint: In a checkout, type `npm ci` once and then `npm run -s reconciled -- …`: the right Node comes with the project.\n',
  );
  process.exitCode = 1;
} else {
  // Loading is most of a start, and two thirds of it is compiling what was compiled the last time.
  const { enableCompileCache } = await import('node:module');
  const { privateCompileCache } = await import('./pools/compile-cache.ts');
  const folder = privateCompileCache();
  if (folder !== null) enableCompileCache(folder);
  const { run } = await import('./cli/index.ts');
  process.exitCode = await run(process.argv.slice(2));
}
