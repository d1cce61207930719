import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { STANDARD_FILE } from '../../config/simple.ts';
import { type Config, databasePath, loadConfig } from '../../config.ts';
import { messageOf, ReconciledError } from '../../errors.ts';
import type { Language } from './words.ts';

/** The folder that the demo plays in. */
export interface Stage {
  readonly folder: string;
  /** Writes the configuration file that leads to the gateway, and reads it as every command does. */
  configure(settings: StageSettings): Config;
  /** It outlives the demo. */
  readonly isKept: boolean;
  /** Removes the folder, unless it is kept. */
  clear(): void;
}

/** What the configuration of the demo says beside the defaults. */
interface StageSettings {
  readonly gatewayUrl: string;
  readonly listen: string;
  readonly locale: Language;
}

/**
 * Makes the folder: a temporary one, or the named one, which is kept and must hold no database and no configuration yet.
 * @throws ReconciledError `conflict` when it does, `usage` when it cannot be made.
 */
export function setStage(options: {
  readonly dataDir?: string | undefined;
  readonly keep: boolean;
}): Stage {
  const { dataDir } = options;
  const folder = dataDir === undefined ? temporaryFolder() : resolve(dataDir);
  if (existsSync(databasePath({ dataDir: folder }))) {
    throw new ReconciledError('conflict', `There is a database in ${folder} already.`, {
      hint: 'Name another folder with --data-dir, or leave the flag out: then a temporary one is used.',
    });
  }
  const file = join(folder, STANDARD_FILE);
  if (existsSync(file)) {
    throw new ReconciledError('conflict', `There is a configuration in ${folder} already.`, {
      hint: 'Name another folder with --data-dir: the demo writes one of its own there.',
    });
  }
  makeFolder(folder);
  const kept = options.keep || dataDir !== undefined;
  return {
    folder,
    isKept: kept,
    configure(settings) {
      try {
        writeFileSync(file, configurationText(settings));
      } catch (cause) {
        throw unwritable(file, cause);
      }
      // The environment is left out: a daemon configured on this machine is none of the demo's business.
      return loadConfig({ file, env: {} });
    },
    clear() {
      if (!kept) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'reconciled-demo-'));
  } catch (cause) {
    throw new ReconciledError('usage', `No temporary folder can be made in ${tmpdir()}.`, {
      hint: 'Name a folder that this user may write with --data-dir.',
      cause,
    });
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

/** Nobody may write there, or its disk is full. */
function unwritable(path: string, cause: unknown): ReconciledError {
  return new ReconciledError('usage', `${path} cannot be written (${messageOf(cause)}).`, {
    hint: 'Name a folder that this user may write, on a disk with room, with --data-dir.',
    cause,
  });
}

function configurationText({ gatewayUrl, listen, locale }: StageSettings): string {
  return `# Written by \`reconciled demo\`.
data_dir = "."
locale = "${locale}"

[http]
listen = "${listen}"

[[gateway]]
name = "pg"
kind = "pg-simulator"
base_url = "${gatewayUrl}"
methods = ["CARD"]
`;
}
