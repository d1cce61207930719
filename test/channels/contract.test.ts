import t, { type Test } from 'tap';
import type { SlackSettings, WebhookSettings } from '../../lib/channels/port.ts';
import { openSlack } from '../../lib/channels/slack.ts';
import { openWebhook } from '../../lib/channels/webhook.ts';
import { type Behaviour, channelContract, type Receiver } from './contract.ts';
import { ANSWERS, httpReceiver } from './http-peer.ts';
import { ENGLISH } from './messages.ts';
import { mailPeer, PASSWORD } from './smtp-peer.ts';

/** Every kind of channel keeps the same promises, each with a receiver of its own kind. */

t.test('email', async (t) => {
  const said = [PASSWORD, `\0reconciled\0${PASSWORD}`];
  const secrets = [PASSWORD, ...said.map((text) => Buffer.from(text).toString('base64'))];
  channelContract(t, { open: mailPeer, secrets });
});

t.test('slack', async (t) => {
  channelContract(t, { open: slackPeer, secrets: ['T00000000', 'B00000000', 'XXXXYYYYZZZZ'] });
});

t.test('webhook', async (t) => {
  channelContract(t, { open: webhookPeer, secrets: ['token-4711', SECRET] });
});

const SECRET = 'what only the two of us know';

async function slackPeer(t: Test, behaviour: Behaviour, timeoutMs: number): Promise<Receiver> {
  const { origin, requests } = await httpReceiver(t, ANSWERS[behaviour]);
  const url = `${origin}/services/T00000000/B00000000/XXXXYYYYZZZZ`;
  const settings: SlackSettings = { kind: 'slack', name: 'ops', url, timeoutMs };
  const channel = openSlack(settings, ENGLISH);
  t.teardown(() => channel.close());
  const ids = () => requests.map(({ body }) => JSON.parse(body).metadata.event_payload.key);
  return { channel, ids };
}

async function webhookPeer(t: Test, behaviour: Behaviour, timeoutMs: number): Promise<Receiver> {
  const { origin, requests } = await httpReceiver(t, ANSWERS[behaviour]);
  const settings: WebhookSettings = {
    kind: 'webhook',
    name: 'shop',
    url: `${origin}/hooks/token-4711`,
    secrets: [SECRET],
    allowPrivate: true,
    timeoutMs,
  };
  const channel = openWebhook(settings);
  t.teardown(() => channel.close());
  const ids = () => requests.map(({ headers }) => String(headers['webhook-id']));
  return { channel, ids };
}
