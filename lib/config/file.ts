import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { ReconciledError } from '../errors.ts';
import { STANDARD_FILE } from './simple.ts';

/** A table of TOML, not yet checked. */
export type Table = Readonly<Record<string, unknown>>;

/** What a file says, before it is checked. */
interface WrittenFile {
  /** Absolute; `null`: no file was named and none stood in the working directory. */
  readonly file: string | null;
  /** Where relative paths in the file start. */
  readonly folder: string;
  readonly table: Table;
}

/** The smallest file with which the daemon runs. */
export const SMALLEST_FILE = `[[gateway]]
name = "pg"
kind = "pg-simulator"
base_url = "http://127.0.0.1:8082"
methods = ["CARD"]
`;

/**
 * Reads the configuration file.
 * @throws ReconciledError `configuration` when a named one cannot be read or is not TOML.
 */
export function readFile(flagged: string | undefined, variable: string | undefined): WrittenFile {
  const named = flagged ?? (variable || undefined);
  const path = resolve(named ?? STANDARD_FILE);
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    const isThere = !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
    if (named === undefined && !isThere) return { file: null, folder: resolve('.'), table: {} };
    throw new ReconciledError('configuration', `The configuration file ${path} cannot be read.`, {
      hint: isThere
        ? `Look at what it is and who may read it (${error instanceof Error ? error.message : 'unknown trouble'}).`
        : `Name one that exists with --config, or write this into ${path}:\n\n${SMALLEST_FILE}`,
      cause: error,
    });
  }
  if (content.length > MAX_FILE_CHARACTERS) {
    throw new ReconciledError('configuration', `${path} is too large for a configuration.`, {
      hint: 'Name the right file with --config.',
    });
  }
  return { file: path, folder: dirname(path), table: parseToml(path, content) };
}

/** The value when it is a table, else an empty one. */
export function asTable(value: unknown): Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** Whatever is larger than this is some other file. */
const MAX_FILE_CHARACTERS = 1_000_000;

function parseToml(path: string, content: string): Table {
  try {
    return parse(content);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const said = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? '';
    const where = `${path}:${error.line}:${error.column}`;
    // The cause is left out: it quotes the lines around, and a secret may stand there by mistake.
    throw new ReconciledError('configuration', `${where}: this is not TOML: ${said}.`, {
      hint: `Correct line ${error.line}. Texts stand in double quotes (locale = "ko"), and each setting on a line of its own.`,
    });
  }
}
