import { z } from 'zod';
import { gatewayKind } from '../gateways/index.ts';
import { channelSchema } from './channels.ts';
import {
  address,
  addressOrNone,
  choice,
  count,
  duration,
  durationOrForever,
  flag,
  formatDuration,
  neededDuration,
  neededList,
  neededText,
  rate,
  secret,
  share,
  text,
  withStandard,
} from './forms.ts';
import { notifySchema } from './notify.ts';
import {
  isCron,
  isCurrency,
  isTimeZone,
  isWebAddress,
  isWord,
  STANDARD_TIMEZONE,
} from './rules.ts';
import { areDifferent, section } from './section.ts';

/**
 * The schema of `reconciled.toml`: every setting once, with its bounds, its default and the sentence that explains it.
 * `kinds` are the kinds of gateways that are built in.
 */
export function configurationSchema(kinds: readonly string[]) {
  return z
    .strictObject({
      data_dir: text({
        text: 'Where the database lives. A relative path starts at the folder of this file. It is created if need be.',
        form: 'a path',
        example: 'data',
        standard: 'data',
        holds: (value) => value.trim() !== '' && !value.includes('\0'),
      }),
      timezone: text({
        text: 'The time zone of the schedule, and of days and times that people read.',
        form: 'a time zone of the IANA list',
        example: 'Asia/Seoul',
        standard: STANDARD_TIMEZONE,
        holds: isTimeZone,
      }),
      locale: choice({
        text: 'The language of messages, reports and `explain`. Codes are the same in both; errors and `--help` are English.',
        words: ['ko', 'en'],
        standard: 'ko',
      }),
      log_level: choice({
        text: 'The least important lines that the log keeps.',
        words: ['debug', 'info', 'warn', 'error'],
        standard: 'info',
      }),
      keep_orders: durationOrForever({
        text: 'How long an order is kept after its last change, once nothing about it is left to look at, to refund or to tell. Its id stays taken.',
        least: '30d',
        most: '36500d',
      }),
      http: section(
        'How the daemon is reached.',
        {
          listen: address({
            text: 'Where the daemon listens. Without a token it has to be a loopback address.',
            standard: '127.0.0.1:8090',
          }),
          callback_listen: addressOrNone({
            text: 'A listener for callbacks only, so that nothing else faces the internet. `listen` then takes none.',
            example: '0.0.0.0:8091',
          }),
          api_token: secret({
            text: 'What callers of /v1 send as a bearer token.',
            variable: 'RECONCILED_API_TOKEN',
            standard: 'what RECONCILED_API_TOKEN holds, if it is set',
          }),
          payment_requests: flag({
            text: 'Lets the daemon request payments itself. Card numbers then pass through it, which puts the machine in card scope. Every gateway then needs a `callback_url`.',
            standard: false,
          }),
        },
        [
          {
            at: 'callback_listen',
            holds: ({ listen, callback_listen }) =>
              callback_listen?.port === undefined ||
              listen?.port !== callback_listen.port ||
              listen.host !== callback_listen.host ||
              listen.port === 0,
            say: 'is the same as listen. Write another port, or "" for none.',
          },
        ],
      ).prefault({}),
      sweep: section(
        'When and how stale orders are looked at.',
        {
          cron: text({
            text: 'When a sweep begins.',
            form: 'a cron expression of five fields (or six, seconds first)',
            example: '* * * * *',
            standard: '* * * * *',
            holds: isCron,
          }),
          stale_after: duration({
            text: 'How long an order is left to settle by itself.',
            standard: '10m',
            least: '0s',
            most: '30d',
          }),
          threads: count({
            text: 'The most threads that ask gateways. One is up for each 25 requests that may be in flight.',
            standard: 10,
            least: 1,
            most: 64,
          }),
          ladder: withStandard(
            neededList({
              text: 'Waits between looks that change nothing; the last one repeats.',
              each: neededDuration({
                text: 'One wait.',
                example: '1m',
                least: '100ms',
                most: '7d',
              }),
              of: 'lengths of time from 100ms to 7d',
              example: '["1m", "5m", "1h"]',
              most: 50,
            }),
            ['1m', '1m', '1m', '2m', '5m', '10m', '30m', '1h'],
          ),
          hold_after: duration({
            text: 'How long doubt about an order may last before a person is asked to look. Longer than `stale_after`.',
            standard: '72h',
            least: '1s',
            most: '365d',
          }),
        },
        [
          {
            at: 'hold_after',
            holds: ({ stale_after, hold_after }) => !(stale_after >= hold_after),
            say: 'has to be longer than stale_after.',
          },
        ],
      ).prefault({}),
      gateway: z
        .array(gatewaySchema(kinds), {
          error: 'each gateway is a table of its own. Write [[gateway]] above its settings.',
        })
        .max(20, { error: 'there are more than 20 gateways.' })
        .prefault([]),
      notify: notifySchema().prefault({}),
      channel: z
        // Four kinds with many settings each: made when the file has a channel, because a start waits for them.
        .array(z.lazy(channelSchema), {
          error: 'each channel is a table of its own. Write [[channel]] above its settings.',
        })
        .max(20, { error: 'there are more than 20 channels.' })
        .prefault([]),
    })
    .refine(({ gateway }) => !Array.isArray(gateway) || areDifferent(gateway, nameOf), {
      path: ['gateway'],
      error: 'two have the same name. Give each its own.',
      when: () => true,
    })
    .refine(({ gateway }) => !Array.isArray(gateway) || areDifferent(gateway, accountOf), {
      path: ['gateway'],
      error:
        'two are one account: they have the same base_url and user_id, and each payment would be found twice. Write one table with the methods of both.',
      when: () => true,
    })
    .refine(({ channel }) => !Array.isArray(channel) || areDifferent(channel, nameOf), {
      path: ['channel'],
      error: 'two have the same name. Give each its own.',
      when: () => true,
    })
    .refine(
      ({ http, gateway }) =>
        http?.payment_requests !== true ||
        !Array.isArray(gateway) ||
        gateway.every(({ callback_url }) => callback_url !== ''),
      {
        path: ['http', 'payment_requests'],
        error:
          'needs a callback_url in every gateway. Write one there, or payment_requests = false.',
        when: () => true,
      },
    )
    .refine(
      ({ http, gateway }) =>
        http?.payment_requests !== true ||
        !Array.isArray(gateway) ||
        gateway.every((one) => uncalledOf(one) === null),
      {
        path: ['http', 'payment_requests'],
        error: ({ input }) => {
          const { gateway }: { readonly gateway?: readonly Written[] } = Object(input);
          const [said] = gateway?.flatMap((one) => uncalledOf(one) ?? []) ?? [];
          return `${said}. Write one that does, or payment_requests = false.`;
        },
        when: () => true,
      },
    );
}

/** A table that is none, or whose settings are not what they should be, is another mistake. */
type Written = { readonly [name: string]: unknown } | undefined;

function nameOf(one: Written): string | undefined {
  return typeof one?.name === 'string' ? one.name : undefined;
}

/** Whose payments a gateway finds: with two for one account each capture would be a second one, to be paid back. */
function accountOf(one: Written): string | undefined {
  const { kind, base_url: address, user_id: user } = one ?? {};
  if (typeof address !== 'string' || !isWebAddress(address)) return undefined;
  return JSON.stringify([kind, new URL(address).href, user]);
}

/** Why its gateway would refuse each payment request; `null`: it would not. */
function uncalledOf(one: Written): string | null {
  const { kind, callback_url: address } = one ?? {};
  if (typeof kind !== 'string' || typeof address !== 'string' || address === '') return null;
  const origin = gatewayKind(kind)?.callbackOrigin ?? '';
  if (address.startsWith(origin)) return null;
  return `${kind} refuses every request whose callback_url does not begin with ${origin}`;
}

/** The settings of one gateway. */
export function gatewaySchema(kinds: readonly string[]) {
  return section(
    'A payment gateway; one table for each.',
    {
      name: neededText({
        text: 'What it is called: in orders, in metrics, in the path of its callbacks.',
        form: 'up to 32 small letters, digits, - and _, a letter first',
        example: 'pg',
        holds: (value) => /^[a-z][a-z0-9_-]{0,31}$/.test(value),
      }),
      kind: neededText({
        text: 'What it speaks.',
        form: `one of ${kinds.join(', ')}`,
        example: kinds[0] ?? 'pg-simulator',
        holds: (value) => kinds.includes(value),
      }),
      base_url: neededText({
        text: 'Where it is.',
        form: 'an http:// or https:// address without user name, query, or slash at its end',
        example: 'http://127.0.0.1:8082',
        holds: isWebAddress,
        isPrivate: true,
      }),
      methods: neededList({
        text: 'The payment methods that it serves.',
        each: neededText({
          text: 'One method.',
          form: 'a word of 1 to 64 characters',
          example: 'CARD',
          holds: isWord,
        }),
        of: 'payment methods',
        example: '["CARD"]',
        most: 50,
      }),
      currency: text({
        text: 'The currency of its amounts, where it does not say. A payment that names no gateway goes to one of its currency, where one serves its method.',
        form: 'a currency code of ISO 4217',
        example: 'KRW',
        standard: 'KRW',
        holds: isCurrency,
      }),
      max_in_flight: count({
        text: 'The most requests at one moment, over all threads.',
        standard: 10,
        least: 1,
        most: 1000,
      }),
      lookup_timeout: duration({
        text: 'The longest that one request may take, from connecting to the last byte.',
        standard: '3s',
        least: '10ms',
        most: '2m',
      }),
      connect_timeout: duration({
        text: 'The longest that connecting may take. Not longer than `lookup_timeout`.',
        standard: '1s',
        least: '10ms',
        most: '2m',
      }),
      payment_window: neededDuration({
        text: 'How long after the request a transaction may still appear or change.',
        standardText: `the kind's own (${windowsOf(kinds)})`,
        example: '10m',
        least: '0s',
        most: '30d',
      }).optional(),
      user_id: text({
        text: 'In whose name it is asked: "member" for the member of each order, or one fixed merchant id.',
        form: 'a word of 1 to 64 characters',
        example: 'member',
        standard: 'member',
        holds: isWord,
      }),
      callback_url: text({
        text: 'The address for callbacks that is named in payment requests that the daemon sends.',
        form: 'an http:// or https:// address, or "" for none',
        example: 'http://localhost:8080/callbacks/pg',
        standard: '',
        holds: (value) => value === '' || isWebAddress(value),
        isPrivate: true,
      }),
      rate_limit: rate({ text: 'The most requests a second.', most: 10_000 }),
      breaker: breakerSchema().prefault({}),
    },
    [
      {
        at: 'connect_timeout',
        holds: ({ connect_timeout, lookup_timeout }) => !(connect_timeout > lookup_timeout),
        say: 'must not be longer than lookup_timeout.',
      },
    ],
  );
}

/** How long each kind leaves a transaction to appear, as the page of the settings says it. */
function windowsOf(kinds: readonly string[]): string {
  const windows = kinds.flatMap((kind) => {
    const lengthMs = gatewayKind(kind)?.capabilities.paymentWindowMs;
    return lengthMs === undefined ? [] : [`${kind}: ${formatDuration(lengthMs)}`];
  });
  return windows.join(', ');
}

function breakerSchema() {
  return section(
    'When a troubled gateway is left alone for a while.',
    {
      failures: share({
        text: 'The share of failed or slow requests that opens the circuit.',
        standard: 0.6,
        least: 0.01,
      }),
      window: duration({
        text: 'Over the requests of this long.',
        standard: '30s',
        least: '1s',
        most: '1h',
      }),
      minimum: count({
        text: 'With at least so many requests in it.',
        standard: 20,
        least: 1,
        most: 10_000,
      }),
      open: duration({
        text: 'How long the gateway is left alone.',
        standard: '10s',
        least: '100ms',
        most: '1h',
      }),
      half_open: count({
        text: 'Trial requests after that. Not more than `minimum`.',
        standard: 5,
        least: 1,
        most: 1000,
      }),
      slow: duration({
        text: 'A request that takes longer counts as failed.',
        standard: '2s',
        least: '10ms',
        most: '10m',
      }),
    },
    [
      {
        at: 'half_open',
        holds: ({ half_open, minimum }) => !(half_open > minimum),
        say: 'must not be more than minimum.',
      },
    ],
  );
}
