import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { secretSource } from './forms.ts';

/** A secret, or why it could not be read. Both are `null` when what was written is no source: the schema says so. */
export interface Secret {
  readonly value: string | null;
  readonly mistake: string | null;
}

/**
 * Fetches a secret from where `source` says it is; a relative file starts at `folder`. Never repeats any of it. `form` is what
 * it may look like: what a header can carry, unless said.
 */
export function readSecret(
  label: string,
  source: unknown,
  { env, folder }: SecretPlaces,
  form: SecretForm = FOR_A_HEADER,
): Secret {
  const read = secretSource.safeParse(source);
  if (!read.success) return { value: null, mistake: null };
  const found = 'env' in read.data ? env[read.data.env] : readSecretFile(folder, read.data.file);
  const where = 'env' in read.data ? `the variable ${read.data.env}` : `the file ${read.data.file}`;
  const mistake = (problem: string) => ({ value: null, mistake: `${label}: ${where} ${problem}` });
  if (found === undefined) {
    return mistake(
      'env' in read.data
        ? 'is not set. Set it.'
        : 'cannot be read. Create it, readable for this user.',
    );
  }
  if (found === '') return mistake('is empty. Put the secret there.');
  return form.holds(found) ? { value: found, mistake: null } : mistake(form.say);
}

/** Where secrets are looked for. */
export interface SecretPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths start. */
  readonly folder: string;
}

/** What a secret may look like; `say` goes on after "the variable NAME …". */
export interface SecretForm {
  readonly holds: (secret: string) => boolean;
  readonly say: string;
}

const FOR_A_HEADER: SecretForm = {
  holds: (secret) => /^[\x21-\x7e]{1,4096}$/.test(secret),
  say: 'holds something that no header can carry. Use 1 to 4096 visible ASCII characters without spaces.',
};

/** The content without the line end that editors add. */
function readSecretFile(folder: string, file: string): string | undefined {
  try {
    return readFileSync(resolve(folder, file), 'utf8').replace(/\r?\n$/, '');
  } catch {
    return undefined;
  }
}
