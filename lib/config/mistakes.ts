import type { z } from 'zod';
import { EFFECT_TOPICS } from '../core/effect.ts';
import { channelSchemas } from './channels.ts';
import { suggestion } from './closest.ts';
import { asTable, type Table } from './file.ts';
import { configurationSchema } from './schema.ts';

/**
 * Every mistake as a sentence that begins with where it is: `gateway[0].max_in_flight: …`. `labels` name the settings that
 * did not come from the file; `table` is what was written: which settings a channel has depends on its kind.
 */
export function mistakesOf(
  issues: readonly z.core.$ZodIssue[],
  labels: ReadonlyMap<string, string>,
  table: Table,
): readonly string[] {
  const told = issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...issue.path, key], table));
    }
    const path = pathText(issue.path);
    return [`${labels.get(path) ?? path}: ${issue.message}`];
  });
  // A text in the place of a list is too long for one, too: the same sentence for two rules.
  return [...new Set(told)];
}

function unknownKey(path: readonly PropertyKey[], table: Table): string {
  const label = pathText(path);
  const key = String(path.at(-1));
  if (path[0] === 'channel' && path.includes('topic_to')) {
    return `${label}: there is no such topic. ${suggestion(key, EFFECT_TOPICS)} A topic stands in quotes.`;
  }
  const known = knownKeys(path.slice(0, -1), table);
  if (path[0] === 'channel' && key === 'digest') {
    return `${label}: a webhook gets everything by itself, because machines read it. Remove it.`;
  }
  return `${label}: there is no such setting. ${suggestion(key, known)}`;
}

/** The settings that the table at `path` may hold. */
function knownKeys(path: readonly PropertyKey[], table: Table): readonly string[] {
  const root = configurationSchema([]).shape;
  const [first, ...rest] = path;
  switch (first) {
    case 'http':
    case 'sweep':
    case 'notify':
      return Object.keys(root[first].unwrap().shape);
    case 'gateway': {
      const gateway = root.gateway.unwrap().element.shape;
      const isBreaker = rest.includes('breaker');
      return Object.keys(isBreaker ? gateway.breaker.unwrap().shape : gateway);
    }
    case 'channel':
      return channelKeys(table, rest[0]);
  }
  return Object.keys(root);
}

function channelKeys(table: Table, place: PropertyKey | undefined): readonly string[] {
  const channels: readonly unknown[] = Array.isArray(table.channel) ? table.channel : [];
  const { kind } = asTable(channels[Number(place)]);
  const schema = Object.entries(channelSchemas()).find(([known]) => known === kind)?.[1];
  return Object.keys(schema?.shape ?? {});
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      // A topic has a point in it, and TOML then wants it in quotes.
      const name = /^[\w-]+$/.test(String(step)) ? String(step) : JSON.stringify(String(step));
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}
