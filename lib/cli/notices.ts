import type { Command } from 'commander';
import { defineList } from './notices/list.ts';
import { defineRetry } from './notices/retry.ts';
import { defineTrial } from './notices/trial.ts';

/** `notices`: what people and systems were told, once more what was given up, and a test message for a channel. */
export function define(command: Command): void {
  command.enablePositionalOptions();
  defineList(command);
  defineRetry(command.command('retry'));
  defineTrial(command.command('test'));
}
