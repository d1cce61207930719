import { z } from 'zod';

/** What is known of one setting beside its rule: `docs/configuration.md` and every message about it are made from this. */
interface Notes {
  /** One sentence: what it is for. */
  readonly text: string;
  /** What may be written, with unit and bounds: "a length of time from 10ms to 2m". */
  readonly form: string;
  /** A value that would be right, as TOML. */
  readonly example: string;
  /** What holds when nothing is written, as TOML or in words; `null`: it must be written. */
  readonly standard: string | null;
}

/** The notes of every setting, by its rule. */
export const notes = z.registry<Notes>();

/** A length of time such as "500ms", "3s", "10m", "72h", "1d". Becomes milliseconds. */
export function duration(setting: { text: string; standard: string; least: string; most: string }) {
  const { standard, ...rest } = setting;
  return withStandard(neededDuration({ ...rest, example: standard }), standard);
}

/** The same without a default. */
export function neededDuration(setting: {
  text: string;
  example: string;
  /** Said of what holds when nothing is written. */
  standardText?: string;
  least: string;
  most: string;
}) {
  const least = bound(setting.least);
  const most = bound(setting.most);
  const form = `a length of time from ${setting.least} to ${setting.most} (ms, s, m, h, d)`;
  const example = JSON.stringify(setting.example);
  const error = wrong(form, example);
  const rule = z.string({ error }).transform((written, context) => {
    const length = parseDuration(written);
    if (length !== null && length >= least && length <= most) return length;
    context.addIssue({ code: 'custom', message: error({ input: written }) });
    return z.NEVER;
  });
  const standard = setting.standardText ?? null;
  return rule.register(notes, { text: setting.text, form, example, standard });
}

/** A whole number within bounds. */
export function count(setting: { text: string; standard: number; least: number; most: number }) {
  const form = `a whole number from ${setting.least} to ${setting.most}`;
  const example = String(setting.standard);
  const error = wrong(form, example);
  const rule = z.int({ error }).min(setting.least, { error }).max(setting.most, { error });
  const whole = rule.prefault(setting.standard);
  return whole.register(notes, { text: setting.text, form, example, standard: example });
}

/** A part of a whole, 0 to 1. */
export function share(setting: { text: string; standard: number; least: number }) {
  const form = `a number from ${setting.least} to 1`;
  const example = String(setting.standard);
  const error = wrong(form, example);
  const rule = z.number({ error }).min(setting.least, { error }).max(1, { error });
  const whole = rule.prefault(setting.standard);
  return whole.register(notes, { text: setting.text, form, example, standard: example });
}

/** True or false. */
export function flag(setting: { text: string; standard: boolean }) {
  const form = 'true or false';
  const example = String(setting.standard);
  const rule = z.boolean({ error: wrong(form, example) }).prefault(setting.standard);
  return rule.register(notes, { text: setting.text, form, example, standard: example });
}

/** One of a few words. */
export function choice<const Words extends readonly [string, ...string[]]>(setting: {
  text: string;
  words: Words;
  standard: Words[number];
}) {
  const form = `one of ${setting.words.join(', ')}`;
  const example = JSON.stringify(setting.standard);
  const rule = z.enum(setting.words, { error: wrong(form, example) }).prefault(setting.standard);
  return rule.register(notes, { text: setting.text, form, example, standard: example });
}

/** A text that `holds`. */
export function text(setting: TextSetting & { readonly standard: string }) {
  const { standard, ...rest } = setting;
  return withStandard(neededText(rest), standard);
}

/** The same without a default. */
export function neededText(setting: TextSetting) {
  const example = JSON.stringify(setting.example);
  const error = wrong(setting.form, example, setting.isPrivate ?? false);
  const rule = z.string({ error }).refine(setting.holds, { error });
  return rule.register(notes, { text: setting.text, form: setting.form, example, standard: null });
}

/** One setting that is a text with a form. */
interface TextSetting {
  readonly text: string;
  readonly form: string;
  readonly example: string;
  readonly holds: (value: string) => boolean;
  /** What was written may hold a password, and no message repeats it. */
  readonly isPrivate?: boolean;
}

/** `host:port`, with an IPv6 host in brackets. */
export function address(setting: { text: string; standard: string }) {
  const form = 'an address host:port, the port from 0 (any free one) to 65535';
  const example = JSON.stringify(setting.standard);
  const rule = addressRule(form, example).prefault(setting.standard);
  return rule.register(notes, { text: setting.text, form, example, standard: example });
}

/** The same, or the empty text for none, which is the default. */
export function addressOrNone(setting: { text: string; example: string }) {
  const form = 'an address host:port, or "" for none';
  const example = JSON.stringify(setting.example);
  const none = z.literal('').transform(() => null);
  const error = wrong(form, example);
  const rule = z.union([none, addressRule(form, example)], { error }).prefault('');
  return rule.register(notes, { text: setting.text, form, example, standard: '""' });
}

function addressRule(form: string, example: string) {
  const error = wrong(form, example);
  return z.string({ error }).transform((written, context) => {
    const read = parseAddress(written);
    if (read !== null) return read;
    context.addIssue({ code: 'custom', message: error({ input: written }) });
    return z.NEVER;
  });
}

/** Requests a second as "25/s", or "none". */
export function rate(setting: { text: string; most: number }) {
  const form = `"none" or a number of requests a second up to ${setting.most}`;
  const example = '"25/s"';
  const rule = z.string({ error: wrong(form, example) }).transform((written, context) => {
    if (written === 'none') return null;
    const perSecond = Number(/^(\d{1,6}(?:\.\d{1,3})?)\/s$/.exec(written)?.[1]);
    if (perSecond > 0 && perSecond <= setting.most) return perSecond;
    context.addIssue({ code: 'custom', message: wrong(form, example)({ input: written }) });
    return z.NEVER;
  });
  const whole = rule.prefault('none');
  return whole.register(notes, { text: setting.text, form, example, standard: '"none"' });
}

/** A length of time, or "forever". Becomes milliseconds, or `null` for ever. */
export function durationOrForever(setting: { text: string; least: string; most: string }) {
  const least = bound(setting.least);
  const most = bound(setting.most);
  const form = `a length of time from ${setting.least} to ${setting.most}, or "forever"`;
  const example = '"730d"';
  const rule = z.string({ error: wrong(form, example) }).transform((written, context) => {
    if (written === 'forever') return null;
    const length = parseDuration(written);
    if (length !== null && length >= least && length <= most) return length;
    context.addIssue({ code: 'custom', message: wrong(form, example)({ input: written }) });
    return z.NEVER;
  });
  const whole = rule.prefault('forever');
  return whole.register(notes, { text: setting.text, form, example, standard: '"forever"' });
}

/** `{ env = "…" }` or `{ file = "…" }`. */
export const secretSource = z.union([
  z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }),
  z.strictObject({ file: z.string().min(1) }),
]);

/** A secret that may be left out: where it is to be found. `standard` says what holds without it. */
export function secret(setting: { text: string; variable: string; standard: string }) {
  const known = notes.get(neededSecret(setting));
  const rule = neededSecret(setting).optional();
  if (known !== undefined) notes.add(rule, { ...known, standard: setting.standard });
  return rule;
}

/** The same without a default. What was written is never repeated in a message: it may be the secret itself. */
export function neededSecret(setting: { text: string; variable: string }) {
  const example = `{ env = "${setting.variable}" }`;
  const form = `${example}, or { file = "…" } with the path of a file that holds it`;
  const error = (issue: { readonly input?: unknown }) =>
    issue.input === undefined
      ? `missing. Write ${form}.`
      : `a secret does not stand in this file. Write ${form}.`;
  const rule = z.unknown().refine((value) => secretSource.safeParse(value).success, { error });
  return rule.register(notes, { text: setting.text, form, example, standard: null });
}

/** A list of `each`, with a bound on its length and without a default. */
export function neededList<Rule extends z.ZodType>(setting: {
  text: string;
  each: Rule;
  of: string;
  example: string;
  most: number;
  /** What was written may hold a secret, and no message repeats it. */
  isPrivate?: boolean;
}) {
  const { text, example } = setting;
  const form = `a list of 1 to ${setting.most} ${setting.of}`;
  const error = wrong(form, example, setting.isPrivate ?? false);
  const rule = z.array(setting.each, { error }).min(1, { error }).max(setting.most, { error });
  return rule.register(notes, { text, form, example, standard: null });
}

/** The same rule, and `standard` where nothing is written; `words` say it where it would be long. */
export function withStandard<Rule extends z.ZodType>(
  rule: Rule,
  standard: z.input<Rule>,
  words?: string,
) {
  const known = notes.get(rule);
  const written = words ?? JSON.stringify(standard).replaceAll(',', ', ');
  const whole = z.prefault(rule, standard);
  const plain: z.ZodType = whole;
  if (known !== undefined) notes.add(plain, { ...known, standard: written });
  return whole;
}

/** Milliseconds of "500ms", "3s", "10m", "72h", "1d"; `null` when it is no such text. */
export function parseDuration(written: string): number | null {
  const parts = /^(\d{1,9})(ms|s|m|h|d)$/.exec(written);
  const unit = UNITS.find(([name]) => name === parts?.[2]);
  return unit === undefined ? null : Number(parts?.[1]) * unit[1];
}

/** The shortest text that `parseDuration` reads back. */
export function formatDuration(lengthMs: number): string {
  const unit = lengthMs === 0 ? SECONDS : UNITS.find(([, size]) => lengthMs % size === 0);
  return unit === undefined ? `${lengthMs}ms` : `${lengthMs / unit[1]}${unit[0]}`;
}

const SECONDS = ['s', 1_000] as const;

const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], SECONDS, ['ms', 1]] as const;

/** Host and port of `127.0.0.1:8090`, `localhost:8090`, `[::1]:8090`; `null` when it is none. */
function parseAddress(written: string): { host: string; port: number } | null {
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(written);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  return host === undefined || port > 65_535 ? null : { host, port };
}

/** Says in one sentence what was written and what to write instead. */
export function wrong(form: string, example: string, hidden = false) {
  return (issue: { readonly input?: unknown }): string => {
    if (issue.input === undefined) return `missing. Write ${form}, such as ${example}.`;
    const shown = hidden ? 'what is written' : shorten(JSON.stringify(issue.input));
    return `${shown} is not ${form}. Write, for example, ${example}.`;
  };
}

function shorten(written: string): string {
  return written.length <= 60 ? written : `${written.slice(0, 57)}…`;
}

function bound(written: string): number {
  const length = parseDuration(written);
  if (length === null) throw new RangeError(`no length of time: ${written}`);
  return length;
}
