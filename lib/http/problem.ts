import { z } from '@hono/zod-openapi';
import { boundedText } from '../core/text.ts';
import { ERROR_CODES, type ErrorCode, type ReconciledError } from '../errors.ts';

/** Every code of a problem with a status of its own: those that only the HTTP interface has, and some of every part. */
export const PROBLEMS = {
  malformed: { status: 400, title: 'The request cannot be read.' },
  unauthorized: { status: 401, title: 'The token is missing or wrong.' },
  payment_requests_off: { status: 403, title: 'This daemon requests no payments.' },
  cross_origin: { status: 403, title: 'A web page of another site sent the request.' },
  not_found: { status: 404, title: ERROR_CODES.not_found },
  gateway_unknown: { status: 404, title: ERROR_CODES.gateway_unknown },
  method_not_allowed: { status: 405, title: 'The address does not take this method.' },
  conflict: { status: 409, title: ERROR_CODES.conflict },
  too_large: { status: 413, title: 'The body is too large.' },
  unsupported_media_type: { status: 415, title: 'The body is not JSON.' },
  host_not_allowed: { status: 421, title: 'The Host header does not name this machine.' },
  invalid: { status: 422, title: ERROR_CODES.invalid },
  internal: { status: 500, title: ERROR_CODES.internal },
  reports_full: { status: 503, title: 'Too many reports are asked for at once.' },
  waiting_full: { status: 503, title: 'Too many callbacks are not matched with their orders yet.' },
} as const;

/** Any code of a problem. The others are 500, or 503 where they pass by themselves. */
type ProblemCode = keyof typeof PROBLEMS | ErrorCode;

/** What is wrong with one field. Never holds the value that was sent: it may be a card number. */
export interface FieldError {
  /** `payments[0].amount`, `after`. */
  readonly field: string;
  readonly message: string;
  readonly hint: string | null;
}

/** A request that ends with a problem (RFC 9457). Thrown by whatever finds it, answered in one place. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: ProblemCode;
  readonly hint: string | null;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, more: RefusalDetails = {}) {
    super(detail);
    this.code = code;
    this.hint = more.hint ?? null;
    this.errors = more.errors ?? [];
    this.headers = more.headers ?? {};
  }
}

/** What a refusal may say beside its code and its sentence. */
export interface RefusalDetails {
  readonly hint?: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** A refusal that names fields; its sentence tells the first of them. */
export function refusedFields(
  code: 'invalid' | 'malformed' | 'conflict',
  errors: readonly FieldError[],
): Refusal {
  const told = errors.map(({ field, message }) => `${field}: ${message}`);
  return new Refusal(code, `${firstOf(told, '; ')}.`, { errors: errors.slice(0, MAX_ERRORS) });
}

/** What is sent again under its id and differs in these fields from what is stored. `what`: the beginning of a sentence. */
export function refusedRepeat(what: string, fields: readonly string[], hint: string): Refusal {
  const errors = fields.map((field) => ({
    field,
    message: 'differs from what is stored',
    hint: null,
  }));
  const detail = `${what} is stored already, ${otherContent(fields)}.`;
  return new Refusal('conflict', detail, { hint, errors: errors.slice(0, MAX_ERRORS) });
}

/** The end of such a sentence. */
export function otherContent(fields: readonly string[]): string {
  return `with other content: ${firstOf(fields, ', ')}`;
}

function firstOf(texts: readonly string[], separator: string): string {
  const rest = texts.length - MAX_TOLD;
  const told = texts.slice(0, MAX_TOLD);
  return (rest > 0 ? [...told, `and ${rest} more`] : told).join(separator);
}

/** Trouble of another part as a problem: what passes by itself is a 503. */
export function refusalOf(error: ReconciledError): Refusal {
  const headers = passes(error.code) ? { 'retry-after': RETRY_AFTER_SECONDS } : {};
  return new Refusal(error.code, error.message, { hint: error.hint, headers });
}

/** The problem as it goes out, with headers that make it harmless in a browser. */
export function problemResponse(refusal: Refusal): Response {
  const { code, hint, errors } = refusal;
  const status = statusOf(code);
  const problem = {
    type: `urn:reconciled:problem:${code}`,
    title: titleOf(code),
    status,
    detail: refusal.message,
    code,
    ...(hint === null ? {} : { hint }),
    ...(errors.length === 0 ? {} : { errors: errors.map(fieldBody) }),
  };
  return new Response(JSON.stringify(problem), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...refusal.headers,
    },
  });
}

/** The fields that a schema found wrong. The forms write what is wrong on a message's first line and what to write on the next. */
export function fieldErrors(error: z.ZodError): readonly FieldError[] {
  const found = error.issues.flatMap((issue): FieldError[] => {
    const [message = '', ...hints] = issue.message.split('\n');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key, index) => {
        const field = pathText([...issue.path, boundedText(key, MAX_SHOWN_KEY)]);
        return { field, message, hint: hints[index] ?? null };
      });
    }
    return [{ field: pathText(issue.path), message, hint: hints[0] ?? null }];
  });
  // A body may have tens of thousands: each is compared with none of the others.
  const told = new Set<string>();
  return found.filter(({ field, message }) => {
    const isNew = !told.has(`${field}\n${message}`);
    told.add(`${field}\n${message}`);
    return isNew;
  });
}

/** The problem as the OpenAPI document describes it. */
const problemSchema = z
  .object({
    type: z.string().openapi({ example: 'urn:reconciled:problem:invalid' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().openapi({ example: 'payments[0].amount: missing.' }),
    code: z.string().openapi({
      description: `What went wrong, for programs: ${Object.keys(PROBLEMS).join(', ')}, or the code of trouble with the database.`,
      example: 'invalid',
    }),
    hint: z.string().optional().openapi({ description: 'What to do or to write instead.' }),
    errors: z
      .array(
        z.object({
          field: z.string().openapi({ example: 'payments[0].amount' }),
          message: z.string(),
          hint: z.string().optional(),
        }),
      )
      .optional()
      .openapi({ description: 'The fields that are wrong, the first hundred of them.' }),
  })
  .openapi('Problem', { description: 'A problem as RFC 9457 has it, with our code.' });

/** A response of a route that is a problem. */
export function problem(description: string) {
  return { description, content: { 'application/problem+json': { schema: problemSchema } } };
}

/** A problem that passes by itself: it says when to ask again. */
export function passingProblem(description: string) {
  return { ...problem(description), headers: RETRY_AFTER_HEADER };
}

/** The header of every 503, as the OpenAPI document describes it. */
export const RETRY_AFTER_HEADER = {
  'Retry-After': { description: 'Seconds to wait before.', schema: { type: 'string' } },
} as const;

/** What every route may answer. */
export const ANY_PROBLEMS = {
  500: problem('A bug in the daemon; its log tells more.'),
} as const;

/** What every route of /v1 may answer. */
export const COMMON_PROBLEMS = {
  ...ANY_PROBLEMS,
  401: problem('The token is missing or wrong (only where one is configured).'),
  421: problem('No token is configured and the Host header does not name this machine.'),
  503: passingProblem(
    'The database cannot be reached or written at present. Where `detail` says that nobody knows whether a change was written, it may have been. Send the same again.',
  ),
} as const;

/** What a route that changes something may answer beside: a body is looked at even where none is wanted. */
export const WRITE_PROBLEMS = {
  400: problem('The body is not JSON, or a parameter is wrong.'),
  403: problem('No token is configured and a web page of another site sent it.'),
  413: problem('The body is larger than 1 MiB.'),
  415: problem('The body is not application/json, or is compressed.'),
} as const;

/** What a route that reads a body may answer beside. */
export const BODY_PROBLEMS = {
  ...WRITE_PROBLEMS,
  422: problem('A field is missing, wrong or unknown; `errors` names it.'),
} as const;

/** How long a caller should wait before it tries again while the store is in trouble: it is opened again by then. */
const RETRY_AFTER_SECONDS = '5';

/** Fields told in the sentence … */
const MAX_TOLD = 3;

/** … and in the list: a body may have thousands of wrong ones. */
const MAX_ERRORS = 100;

/** Characters of an unknown field's name that are said back. */
const MAX_SHOWN_KEY = 64;

function statusOf(code: ProblemCode): number {
  if (isOwn(code)) return PROBLEMS[code].status;
  return passes(code) ? 503 : 500;
}

function titleOf(code: ProblemCode): string {
  return isOwn(code) ? PROBLEMS[code].title : ERROR_CODES[code];
}

function isOwn(code: ProblemCode): code is keyof typeof PROBLEMS {
  return Object.hasOwn(PROBLEMS, code);
}

/** Trouble of the database, and a daemon that is about to stop. */
function passes(code: ProblemCode): boolean {
  return code.startsWith('store_') || code === 'daemon_refused';
}

function fieldBody({ field, message, hint }: FieldError) {
  return { field, message, ...(hint === null ? {} : { hint }) };
}

function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`));
  return text.join('').replace(/^\./, '') || 'body';
}
