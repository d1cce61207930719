import { type ChannelConfig, type Config, formatAddress, type GatewayConfig } from '../config.ts';
import type { Table } from './file.ts';
import { formatDuration } from './forms.ts';

/** The settings as a file would have them, defaults filled in. A secret reads `(set)` or `(none)`, never itself. */
export function configTable(config: Config): Table {
  const { http, sweep, notify } = config;
  return {
    data_dir: config.dataDir,
    timezone: config.timezone,
    locale: config.locale,
    log_level: config.logLevel,
    keep_orders: config.keepOrdersMs === null ? 'forever' : formatDuration(config.keepOrdersMs),
    http: {
      listen: formatAddress(http.listen),
      callback_listen: http.callbackListen === null ? '' : formatAddress(http.callbackListen),
      api_token: http.apiToken === null ? '(none)' : '(set)',
      payment_requests: http.paymentRequests,
    },
    sweep: {
      cron: sweep.cron,
      stale_after: formatDuration(sweep.staleAfterMs),
      threads: sweep.threads,
      ladder: sweep.ladderMs.map(formatDuration),
      hold_after: formatDuration(sweep.holdAfterMs),
    },
    gateway: config.gateways.map(gatewayTable),
    notify: {
      threads: notify.threads,
      first_retry: formatDuration(notify.retry.firstWaitMs),
      longest_retry: formatDuration(notify.retry.longestWaitMs),
      give_up_after: formatDuration(notify.retry.giveUpAfterMs),
      order_url: notify.orderUrl ?? '',
      sweep_late_after: formatDuration(notify.sweepLateAfterMs),
      callbacks_stopped_after: formatDuration(notify.callbacksStoppedAfterMs),
    },
    channel: config.channels.map(channelTable),
  };
}

/** Where it goes. Who may go there is often written into the rest. */
function placeOf(url: string): string {
  const { origin, pathname, search } = new URL(url);
  return pathname + search === '/' ? origin : `${origin}/(set)`;
}

function channelTable({ settings, topics, digestMs, maxInFlight }: ChannelConfig): Table {
  const { kind, name } = settings;
  const common = { name, kind, topics, max_in_flight: maxInFlight };
  const forPeople = { ...common, digest: formatDuration(digestMs) };
  switch (kind) {
    case 'log':
      return forPeople;
    case 'webhook':
      return {
        ...common,
        url: placeOf(settings.url),
        secrets: settings.secrets.map(() => '(set)'),
        allow_private: settings.allowPrivate,
        timeout: formatDuration(settings.timeoutMs),
      };
    case 'slack':
      return { ...forPeople, url: '(set)', timeout: formatDuration(settings.timeoutMs) };
    case 'email':
      return {
        ...forPeople,
        host: settings.host,
        port: settings.port,
        security: settings.security,
        verify_certificate: settings.verifyCertificate,
        user: settings.user ?? '',
        // A server without sign-in has no such line: the table can be read again.
        ...(settings.password === null ? {} : { password: '(set)' }),
        from: settings.from,
        ...(settings.to.length === 0 ? {} : { to: settings.to }),
        topic_to: settings.topicTo,
        timeout: formatDuration(settings.timeoutMs),
      };
  }
}

function gatewayTable(gateway: GatewayConfig): Table {
  const { settings, breaker } = gateway;
  return {
    name: settings.name,
    kind: settings.kind,
    base_url: settings.baseUrl,
    methods: gateway.methods,
    currency: settings.currency,
    max_in_flight: gateway.maxInFlight,
    lookup_timeout: formatDuration(settings.lookupTimeoutMs),
    connect_timeout: formatDuration(settings.connectTimeoutMs),
    payment_window: formatDuration(gateway.paymentWindowMs),
    user_id: settings.userId,
    callback_url: settings.callbackUrl === '' ? '' : placeOf(settings.callbackUrl),
    rate_limit: gateway.ratePerSecond === null ? 'none' : `${gateway.ratePerSecond}/s`,
    breaker: {
      failures: breaker.failures,
      window: formatDuration(breaker.windowMs),
      minimum: breaker.minimum,
      open: formatDuration(breaker.openMs),
      half_open: breaker.halfOpen,
      slow: formatDuration(breaker.slowMs),
    },
  };
}
