/** Every code of trouble that a user can meet, with what it means; `docs/errors.md` is rendered from it. */
export const ERROR_CODES = {
  usage: 'The command line is off.',
  configuration: 'The configuration is off.',
  store_busy: 'A daemon or another command works on the same database.',
  store_newer: 'The database was written by a newer version.',
  store_foreign: 'The file is not a database of reconciled.',
  store_corrupt: 'The database is damaged.',
  store_full: 'The disk is full.',
  store_readonly: 'The data directory or the database cannot be written.',
  store_failed: 'The database engine failed.',
  store_closed: 'The store was closed already.',
  port_in_use: 'The address to listen on is taken.',
  gateway_unknown: 'No gateway of that name is configured.',
  daemon_unreachable: 'No daemon answers at the configured address.',
  daemon_refused: 'The daemon refused the request.',
  not_found: 'There is no such thing.',
  invalid: 'Something given is not valid.',
  conflict: 'It contradicts what is stored.',
  output_failed: 'What was to be printed could not be written.',
  internal: 'A bug in reconciled.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** What went wrong, in words, whatever was thrown. An error that lost its message on the way from a thread still has it in its stack. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || (error.stack ?? error.name).split('\n', 1).join();
}

/** Trouble that a person can do something about: `message` says what is wrong and where, `hint` what to type instead. */
export class ReconciledError extends Error {
  override readonly name = 'ReconciledError';
  readonly code: ErrorCode;
  readonly hint: string;
  /** The same call may succeed later without anybody doing anything. */
  readonly retryable: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly hint: string; readonly retryable?: boolean; readonly cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
  }
}
