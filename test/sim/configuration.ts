import type { Policy } from '../../lib/core/policy.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../lib/core/time.ts';
import type { NotifiedChannel } from '../../lib/flows/notify.ts';
import type { Subscription } from '../../lib/store/outbox-port.ts';
import { MODEL_SETTINGS } from '../support/flow-world.ts';
import type { ModelGateway, ModelSettings } from '../support/model-gateway.ts';
import type { Random } from './random.ts';
import { CHANNELS, type Channel, channelOf, subscriptionsOf } from './receivers.ts';

/** What one life of the daemon is started with. */
export interface Configuration {
  readonly settings: Omit<Policy, 'gateways'>;
  /** Those that are configured: never none. */
  readonly gateways: readonly ModelGateway[];
  /** How the daemon takes them to be. */
  readonly policies: readonly { readonly name: string; readonly settings: ModelSettings }[];
  readonly subscriptions: readonly Subscription[];
  readonly channels: readonly NotifiedChannel[];
}

/** The defaults, with everything that there is. */
export function usualConfiguration(gateways: readonly ModelGateway[]): Configuration {
  return configurationOf(MODEL_SETTINGS, gateways, gateways, CHANNELS);
}

/** What somebody has made of the configuration between two lives: mostly little, sometimes a gateway or a channel less. */
export function drawConfiguration(
  random: Random,
  gateways: readonly ModelGateway[],
): Configuration {
  const settings = {
    staleAfterMs: changed(random, MODEL_SETTINGS.staleAfterMs, [5 * MINUTE_MS, HOUR_MS]),
    holdAfterMs: changed(random, MODEL_SETTINGS.holdAfterMs, [HOUR_MS, DAY_MS, 7 * DAY_MS]),
    ladderMs: changed(random, MODEL_SETTINGS.ladderMs, [
      [MINUTE_MS],
      [30 * SECOND_MS, 5 * MINUTE_MS],
      [MINUTE_MS, 6 * HOUR_MS],
    ]),
  };
  const gone = random.chance(0.25) ? random.pick(gateways) : null;
  const policies = gateways.map(({ name, settings }) => ({
    name,
    settings: {
      ...settings,
      canRefund: changed(random, settings.canRefund, [!settings.canRefund]),
      paymentWindowMs: changed(random, settings.paymentWindowMs, [2 * MINUTE_MS, HOUR_MS]),
    },
  }));
  const channels = CHANNELS.filter(({ name }) => name === 'shop' || random.chance(0.8)).map(
    (channel) => ({ ...channel, digestMs: changed(random, channel.digestMs, [0, MINUTE_MS]) }),
  );
  return configurationOf(
    settings,
    gateways.filter((gateway) => gateway !== gone),
    policies,
    channels,
  );
}

function changed<T>(random: Random, usual: T, others: readonly T[]): T {
  return random.chance(0.2) ? random.pick(others) : usual;
}

function configurationOf(
  settings: Configuration['settings'],
  gateways: readonly ModelGateway[],
  policies: Configuration['policies'],
  channels: readonly Channel[],
): Configuration {
  return {
    settings,
    gateways,
    policies: policies.filter(({ name }) => gateways.some((gateway) => gateway.name === name)),
    subscriptions: channels.flatMap(subscriptionsOf),
    channels: channels.map(channelOf),
  };
}
