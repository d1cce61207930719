import type { Socket } from 'node:net';
import type { SMTPServerOptions } from 'smtp-server';
import t from 'tap';
import type { EmailSettings } from '../../lib/channels/port.ts';
import { told, toldMany } from './messages.ts';
import { headerOf, mailReceiver, rawReceiver, smtpError } from './smtp-peer.ts';

const MESSAGE = told('order.failed');

t.test('what arrives is a mail in plain text and in HTML, with its key', async (t) => {
  const { channel, arrived } = await mailReceiver(t);
  t.strictSame(await channel.send(MESSAGE), {
    kind: 'delivered',
    detail: '250 queued as 4711',
  });
  const [mail] = arrived;
  const raw = mail?.raw ?? '';
  t.match(mail, { from: 'no-reply@shop.example', to: ['ops@shop.example'], secure: false });
  t.match(headerOf(raw, 'From'), 'reconciled <no-reply@shop.example>');
  t.match(headerOf(raw, 'Auto-Submitted'), 'auto-generated');
  t.equal(headerOf(raw, 'X-Reconciled-Key'), MESSAGE.id);
  t.match(headerOf(raw, 'Message-ID'), /^<[0-9a-f]{32}@shop\.example>$/);
  t.match(headerOf(raw, 'Content-Type'), 'multipart/alternative');
  t.match(raw, /Content-Type: text\/plain; charset=utf-8/);
  t.match(raw, /Content-Type: text\/html; charset=utf-8/);
});

t.test('a topic with addresses of its own goes there', async (t) => {
  const topicTo = { 'refund.due': ['finance@shop.example', 'Boss <boss@shop.example>'] };
  const { channel, arrived } = await mailReceiver(t, {}, { topicTo });
  await channel.send(told('refund.due'));
  await channel.send(MESSAGE);
  t.strictSame(
    arrived.map(({ to }) => to),
    [['finance@shop.example', 'boss@shop.example'], ['ops@shop.example']],
  );
});

t.test('a name cannot begin another header', async (t) => {
  const { channel, arrived } = await mailReceiver(t);
  const evil = 'Hat\r\nBcc: thief@example.org\r\n\r\n<b>hello</b>';
  await channel.send(told('stock.low', { text: evil }));
  const [mail] = arrived;
  t.strictSame(mail?.to, ['ops@shop.example']);
  t.equal(headerOf(mail?.raw ?? '', 'Bcc'), '');
  t.match(headerOf(mail?.raw ?? '', 'Subject'), /Hat Bcc: thief@example\.org/);
});

t.test('two channels that write to one mailbox send two messages', async (t) => {
  const [ours, other] = await Promise.all([
    mailReceiver(t),
    mailReceiver(t, {}, { name: 'other' }),
  ]);
  await ours.channel.send(MESSAGE);
  await other.channel.send(MESSAGE);
  t.not(ours.ids()[0], other.ids()[0]);
});

t.test('connections are kept, and no more than configured are made', async (t) => {
  const { channel, arrived, connections } = await mailReceiver(t, {}, { connections: 2 });
  const many = Array.from({ length: 8 }, (_, at) => told('order.held', { key: `key ${at}` }));
  const receipts = await Promise.all(many.map((message) => channel.send(message)));
  t.ok(receipts.every(({ kind }) => kind === 'delivered'));
  t.equal(arrived.length, 8);
  t.ok(connections() <= 2, `${connections()}`);
});

t.test('a digest of a thousand arrives', async (t) => {
  const { channel, arrived } = await mailReceiver(t);
  t.match(await channel.send(toldMany('order.failed', 1_000)), { kind: 'delivered' });
  t.ok((arrived[0]?.raw.length ?? 0) < 20_000, 'the rest is counted');
});

/** What a server says at each step, and what that means. */
const refusals: readonly (readonly [string, SMTPServerOptions, object])[] = [
  ['greylisting', at('onRcptTo', 451, '4.7.1 greylisted'), forNow('rejected', /451 4\.7\.1/)],
  ['a full disk', at('onRcptTo', 452, 'no room'), forNow('server_error')],
  ['going down', at('onMailFrom', 421, 'closing'), forNow('server_error')],
  ['an unknown mailbox', at('onRcptTo', 550, '5.1.1 no such user'), forEver(/550 5\.1\.1/)],
  ['a sender that may not', at('onMailFrom', 553, 'not yours'), forEver(/553/)],
  ['spam', afterData(554, 'looks like spam'), forEver(/554/)],
  ['not now, after the data', afterData(451, 'try again'), forNow('rejected', /451/)],
  ['a password that is wrong by now', at('onMailFrom', 535, 'who?'), forNow('configuration')],
  ['sign in first', at('onMailFrom', 530, 'sign in first'), forNow('configuration', /530/)],
  ['sign in otherwise', at('onMailFrom', 534, 'too weak'), forNow('configuration', /534/)],
  ['encrypt first', at('onMailFrom', 538, 'encrypt first'), forNow('configuration', /538/)],
  ['passwords cannot be checked now', at('onMailFrom', 454, 'later'), forNow('server_error')],
  ['a session that went wrong', at('onMailFrom', 503, 'out of order'), forNow('server_error')],
];

for (const [name, options, receipt] of refusals) {
  t.test(`a server that refuses: ${name}`, async (t) => {
    const { channel } = await mailReceiver(t, options);
    t.match(await channel.send(MESSAGE), receipt);
  });
}

t.test('greylisted once, taken the second time', async (t) => {
  const known = new Set<string>();
  const onRcptTo: Step = ({ address }, _session, done) => {
    const isNew = !known.has(address);
    known.add(address);
    done(isNew ? smtpError(451, 'greylisted') : null);
  };
  const { channel, ids } = await mailReceiver(t, { onRcptTo });
  t.match(await channel.send(MESSAGE), forNow('rejected'));
  t.match(await channel.send(MESSAGE), { kind: 'delivered' });
  t.equal(ids().length, 1);
});

t.test('one of two recipients is refused: delivered, with the words', async (t) => {
  const onRcptTo: Step = ({ address }, _session, done) =>
    done(address.startsWith('gone') ? smtpError(550, 'moved away') : null);
  const to = ['ops@shop.example', 'gone@shop.example'];
  const { channel, arrived } = await mailReceiver(t, { onRcptTo }, { to });
  t.strictSame(await channel.send(MESSAGE), {
    kind: 'delivered',
    detail: '250 queued as 4711; refused: gone@shop.example (550 moved away)',
  });
  t.strictSame(arrived[0]?.to, ['ops@shop.example']);
});

t.test(
  'one of two recipients is put off: the message comes again, for both under the same id',
  async (t) => {
    let greylisted = true;
    const onRcptTo: Step = ({ address }, _session, done) =>
      done(greylisted && address.startsWith('new') ? smtpError(450, '4.2.0 greylisted') : null);
    const to = ['ops@shop.example', 'new@shop.example'];
    const { channel, arrived, ids } = await mailReceiver(t, { onRcptTo }, { to });
    t.match(await channel.send(MESSAGE), forNow('rejected', /refused: new@shop\.example \(450/));
    greylisted = false;
    t.match(await channel.send(MESSAGE), { kind: 'delivered' });
    t.strictSame(
      arrived.map((mail) => mail.to),
      [['ops@shop.example'], to],
    );
    t.equal(new Set(ids()).size, 1);
  },
);

t.test('one for ever, one for now: it is tried again', async (t) => {
  const onRcptTo: Step = ({ address }, _session, done) =>
    done(address.startsWith('gone') ? smtpError(550, 'moved away') : smtpError(451, 'later'));
  const to = ['ops@shop.example', 'gone@shop.example'];
  const { channel } = await mailReceiver(t, { onRcptTo }, { to });
  t.match(await channel.send(MESSAGE), forNow('rejected', /451/));
});

const SIGNED_IN = { user: 'reconciled', password: 'correct' };

t.test('signing in', async (t) => {
  const onAuth: NonNullable<SMTPServerOptions['onAuth']> = ({ password }, _session, done) =>
    password === 'correct'
      ? done(null, { user: 'reconciled' })
      : done(smtpError(password === 'busy' ? 454 : 535, 'no'));
  const right = await mailReceiver(t, { onAuth, authOptional: false }, SIGNED_IN);
  t.match(await right.channel.send(MESSAGE), { kind: 'delivered' });
  t.equal(right.arrived[0]?.user, 'reconciled');
  for (const [password, receipt] of [
    ['wrong', forNow('configuration', /535/)],
    ['busy', forNow('server_error', /454/)],
  ] as const) {
    const { channel } = await mailReceiver(t, { onAuth }, { ...SIGNED_IN, password });
    t.match(await channel.send(MESSAGE), receipt, password);
  }
});

/** The server of the tests has a certificate that nobody vouches for. */
const encryption: readonly (readonly [
  EmailSettings['security'],
  Partial<EmailSettings>,
  SMTPServerOptions,
  object,
])[] = [
  ['starttls', { verifyCertificate: false }, {}, { kind: 'delivered' }],
  ['starttls', {}, {}, forNow('configuration', /certificate/)],
  [
    'starttls',
    { verifyCertificate: false },
    { disabledCommands: ['STARTTLS'] },
    forNow('configuration'),
  ],
  ['tls', { verifyCertificate: false }, { secure: true }, { kind: 'delivered' }],
  ['tls', {}, { secure: true }, forNow('configuration', /certificate/)],
];

for (const [security, over, options, receipt] of encryption) {
  t.test(`${security} ${JSON.stringify({ ...over, ...options })}`, async (t) => {
    const settings = { ...SIGNED_IN, security, ...over };
    const { channel, arrived } = await mailReceiver(t, options, settings);
    t.match(await channel.send(MESSAGE), receipt);
    t.ok(
      arrived.every(({ secure }) => secure),
      'nothing in the clear',
    );
    t.equal(arrived.length, 'kind' in receipt && receipt.kind === 'delivered' ? 1 : 0);
  });
}

t.test('a server that has no name for us at its door', async (t) => {
  const { channel } = await rawReceiver(t, (line) => line.end('554 go away\r\n'));
  t.match(await channel.send(MESSAGE), forNow('server_error', /554 go away/));
});

t.test('a server that answers each line a little late is given up as a whole', async (t) => {
  // Never silent for long, and never done.
  const dribble = (line: Socket) => {
    const timer = setInterval(() => line.write('220-not yet\r\n'), 20);
    line.on('close', () => clearInterval(timer));
  };
  const { channel } = await rawReceiver(t, dribble, { timeoutMs: 200 });
  t.match(await channel.send(MESSAGE), forNow('timeout', /not taken within 0\.2 s/));
});

t.test('nobody there', async (t) => {
  const { channel } = await mailReceiver(t, {}, { port: 1 });
  t.match(await channel.send(MESSAGE), forNow('connection', /ECONNREFUSED/));
});

t.test('a connection that the server closed while it rested is made anew', async (t) => {
  const { channel, arrived, closeLines } = await mailReceiver(t, {}, { connections: 1 });
  await channel.send(MESSAGE);
  await closeLines();
  t.match(await channel.send(MESSAGE), { kind: 'delivered' });
  t.equal(arrived.length, 2);
});

t.test('a connection that dies as the next message begins is made anew', async (t) => {
  const lines = new Set<Socket>();
  let begun = 0;
  const onMailFrom: Step = (_address, _session, done) => {
    begun += 1;
    if (begun !== 2) done();
    else for (const line of lines) line.destroy();
  };
  const { channel, arrived } = await mailReceiver(t, { onMailFrom }, { connections: 1 }, lines);
  await channel.send(MESSAGE);
  t.match(await channel.send(MESSAGE), { kind: 'delivered' });
  t.strictSame([begun, arrived.length], [3, 2]);
});

type Step = NonNullable<SMTPServerOptions['onRcptTo']>;

function at(step: 'onMailFrom' | 'onRcptTo', code: number, words: string): SMTPServerOptions {
  return { [step]: ((_address, _session, done) => done(smtpError(code, words))) satisfies Step };
}

function afterData(code: number, words: string): SMTPServerOptions {
  return {
    onData: (stream, _session, done) => {
      stream.resume().on('end', () => done(smtpError(code, words)));
    },
  };
}

function forEver(detail: RegExp) {
  return { kind: 'failed', cause: 'rejected', permanent: true, retryAfterMs: null, detail };
}

function forNow(cause: string, detail = /\w/) {
  return { kind: 'failed', cause, permanent: false, retryAfterMs: null, detail };
}
