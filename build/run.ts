import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ReconciledError } from '../lib/errors.ts';
import { buildBinary, sqliteVersion } from './build.ts';
import { licensesOf } from './licenses.ts';
import { sbomOf } from './sbom.ts';
import { findTarget, HOST, nodeOf } from './targets.ts';

const USAGE = `Usage: npm run build [-- --target PLATFORM] [--out FILE]

Makes dist/reconciled: the command line, the daemon, its threads, SQLite, the simulator and Node in one file; and
beside it what it is made of (CycloneDX, dist/reconciled.cdx.json) and the licences of that (dist/reconciled.licenses.txt).
  --target PLATFORM  linux-x64 or linux-arm64; without it, that of this machine
  --out FILE         where to put it; dist/reconciled, or dist/reconciled-PLATFORM for another platform
`;

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const { values } = parseArgs({
      options: { target: { type: 'string' }, out: { type: 'string' }, help: { type: 'boolean' } },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    const target = findTarget(values.target ?? HOST);
    const { file, sha256, bytes } = await buildBinary(target, values.out);
    const [bom, licenses] = [`${file}.cdx.json`, `${file}.licenses.txt`];
    writeFileSync(bom, sbomOf(process.versions.node, sqliteVersion()));
    writeFileSync(licenses, licensesOf(nodeOf(target)));
    process.stdout.write(`${sha256}  ${file}\n`);
    process.stderr.write(
      `${(bytes / 1e6).toFixed(1)} MB for ${target.name}; made of: ${bom}; licences: ${licenses}\n`,
    );
    return 0;
  } catch (error) {
    if (error instanceof ReconciledError) {
      process.stderr.write(`error: ${error.message}\nhint: ${error.hint}\n`);
      return 1;
    }
    if (error instanceof TypeError && 'code' in error) {
      process.stderr.write(`error: ${error.message}\n${USAGE}`);
      return 2;
    }
    throw error;
  }
}
