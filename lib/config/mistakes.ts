import type { z } from 'zod';
import { closest } from './closest.ts';
import { configurationSchema } from './schema.ts';

/**
 * Every mistake as a sentence that begins with where it is: `gateway[0].max_in_flight: …`. `labels` name the settings that
 * did not come from the file.
 */
export function mistakesOf(
  issues: readonly z.core.$ZodIssue[],
  labels: ReadonlyMap<string, string>,
): readonly string[] {
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...issue.path, key]));
    }
    const path = pathText(issue.path);
    return [`${labels.get(path) ?? path}: ${issue.message}`];
  });
}

/** "Did you mean …?", or a list of what there is. */
export function suggestion(written: string, known: readonly string[]): string {
  const near = closest(written, known);
  return near === null ? `There are ${known.join(', ')}.` : `Did you mean ${near}?`;
}

function unknownKey(path: readonly PropertyKey[]): string {
  const label = pathText(path);
  const key = String(path.at(-1));
  if (path.length === 1 && key === 'channel') {
    return 'channel: this version sends no notifications yet. Remove the [[channel]] tables; `reconciled orders --state held` lists what needs a person.';
  }
  return `${label}: there is no such setting. ${suggestion(key, knownKeys(path.slice(0, -1)))}`;
}

/** The settings that the table at `path` may hold. */
function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  const root = configurationSchema([]).shape;
  const [first, ...rest] = path.filter((step) => typeof step === 'string');
  if (first === undefined) return Object.keys(root);
  if (first === 'http') return Object.keys(root.http.unwrap().shape);
  if (first === 'sweep') return Object.keys(root.sweep.unwrap().shape);
  const gateway = root.gateway.unwrap().element.shape;
  return Object.keys(rest[0] === 'breaker' ? gateway.breaker.unwrap().shape : gateway);
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : index === 0 ? String(step) : `.${String(step)}`,
    )
    .join('');
}
