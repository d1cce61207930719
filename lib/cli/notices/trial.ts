import type { Command } from 'commander';
import type { Message, Style } from '../../channels/port.ts';
import type { ChannelConfig } from '../../config.ts';
import { conditionEffect, lowStockEffect, reportEffect } from '../../core/announce.ts';
import type { Receipt } from '../../core/delivery.ts';
import {
  type DatedEffect,
  EFFECT_TOPICS,
  type Effect,
  type EffectTopic,
  isCondition,
  REPORT_TOPIC,
} from '../../core/effect.ts';
import type { Instant } from '../../core/time.ts';
import { textsOf } from '../../texts.ts';
import { EXIT } from '../exit.ts';
import { addSettings, readSettings, type SettingsOptions } from '../settings.ts';
import { oneOf } from '../values.ts';
import { print, say } from '../words.ts';
import { noChannel } from './channel.ts';

interface TrialOptions extends SettingsOptions {
  readonly topic?: EffectTopic;
  readonly json?: true;
}

/** `notices test`: a message that says it is a test, to one channel, now and from here. */
export function defineTrial(command: Command): void {
  command
    .description('send a test message to a channel, and say what the receiver answered')
    .argument('<channel>', 'its name in the configuration')
    .option('--topic <topic>', 'as if this had happened', oneOf(EFFECT_TOPICS))
    .option('--json', 'print the answer as JSON');
  addSettings(command, ['timezone', 'locale']).addHelpText(
    'after',
    `
Needs no daemon and no database, and leaves no trace in either. The secrets of the configuration have to be set as they are
for the daemon. Ends with 0 when the receiver took the message, with 1 when not.

Examples:
  reconciled notices test ops
  reconciled notices test mail --topic refund.due
  reconciled notices test shop --json`,
  );
  command.action(async (name: string, options: TrialOptions) => {
    const config = await readSettings(options);
    const { channels, notify, locale, timezone } = config;
    const channel = channels.find(({ settings }) => settings.name === name);
    if (channel === undefined) {
      throw noChannel(
        name,
        channels.map(({ settings }) => settings.name),
      );
    }
    const { systemClock } = await import('../../clock.ts');
    const style: Style = { locale, timezone, orderUrl: notify.orderUrl };
    const topic = options.topic ?? channel.topics[0] ?? 'order.held';
    const message = testMessage(name, topic, systemClock.now());
    const receipt = await sendOnce(channel, message, style);
    if (receipt.kind === 'failed') process.exitCode = EXIT.trouble;
    if (options.json) return print(JSON.stringify({ channel: name, topic, ...receipt }, null, 2));
    const { deliveries } = textsOf(locale);
    print(
      receipt.kind === 'delivered'
        ? deliveries.taken(name, receipt.detail)
        : deliveries.refused(name, deliveries.failures[receipt.cause], receipt.detail),
    );
  });
}

async function sendOnce(
  { settings }: ChannelConfig,
  message: Message,
  style: Style,
): Promise<Receipt> {
  if (settings.kind === 'log') {
    const { sentenceOf } = await import('../../channels/wording.ts');
    // The log of the daemon goes to standard error, and so does this.
    say(sentenceOf(message, style));
    return { kind: 'delivered', detail: 'printed' };
  }
  const { openChannel } = await import('../../channels/index.ts');
  const channel = await openChannel(settings, style);
  try {
    return await channel.send(message);
  } finally {
    channel.close();
  }
}

function testMessage(channel: string, topic: EffectTopic, now: Instant): Message {
  const effect: DatedEffect = { ...exampleOf(topic, now), at: now };
  return { id: `test:${channel}:${now}`, topic, effects: [effect], isTest: true };
}

/** Something that could have happened. */
function exampleOf(topic: EffectTopic, now: Instant): Effect {
  const order = { id: 'ORDER000001', version: 2 };
  if (isCondition(topic))
    return conditionEffect(topic, topic === 'sweep.late' ? null : 'pg', now, null);
  if (topic === REPORT_TOPIC) return reportEffect('2026-11-23', now, 'An example, not a report.');
  const low = lowStockEffect({ id: 'tea', name: 'Tea', onHand: 5 }, 1, order);
  if (topic === 'stock.low') return low;
  const reason = REASON[topic];
  const isOfPayment = topic === 'order.attention' || topic.startsWith('refund.');
  const paymentId = isOfPayment ? `${order.id}-1` : null;
  const about = paymentId === null ? order.id : `${order.id}:${paymentId}:${reason}`;
  return {
    ...low,
    topic,
    key: `${topic}:${about}:v${order.version}`,
    productId: null,
    onHand: null,
    text: null,
    paymentId,
    reason,
    amount: 5_000,
    currency: 'KRW',
  };
}

/** A usual one for each. */
const REASON = {
  'order.completed': 'captured',
  'order.failed': 'declined',
  'order.held': 'mismatched',
  'order.attention': 'refund_by_hand',
  'refund.due': 'duplicate_capture',
  'refund.done': 'refunded',
} as const;
