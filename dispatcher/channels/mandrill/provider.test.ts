import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage, RawReceipt } from '../contract.ts';
import { startFakeHttpServer } from '../network/fake-http-server.ts';
import { testDeps } from '../testing/test-deps.ts';
import { classifyMandrillAnswer } from './classify-answer.ts';
import { mandrill } from './provider.ts';
import { parseMandrillReceipts } from './receipts.ts';

const error = (name: string) => JSON.stringify({ status: 'error', code: -1, name, message: 'x' });
const result = (status: string, reject_reason: string | null = null) =>
  JSON.stringify([{ email: 'ada@example.com', status, _id: 'id-1', reject_reason }]);

describe('answers of Mailchimp Transactional', () => {
  it.each([
    [200, result('sent'), 'accepted', undefined],
    [200, result('queued'), 'accepted', undefined],
    [200, result('scheduled'), 'accepted', undefined],
    [200, result('invalid'), 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [200, result('rejected', 'hard-bounce'), 'invalidRecipient', 'CHANNEL_ADDRESS_GONE'],
    [200, result('rejected', 'invalid'), 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [200, result('rejected', 'soft-bounce'), 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [200, result('rejected', 'spam'), 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [200, result('rejected', 'unsub'), 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [200, result('rejected', 'custom'), 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [200, result('rejected', 'rule'), 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [200, result('rejected', 'invalid-sender'), 'permanent', 'CHANNEL_MISCONFIGURED'],
    [200, result('rejected', 'unsigned'), 'permanent', 'CHANNEL_MISCONFIGURED'],
    [200, result('rejected', 'test-mode-limit'), 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [200, result('rejected', 'toString'), 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [200, result('rejected'), 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [200, result('lost'), 'retryable', 'CHANNEL_UNEXPECTED_ANSWER'],
    [200, '[]', 'retryable', 'CHANNEL_UNEXPECTED_ANSWER'],
    [500, error('Invalid_Key'), 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [401, error('Invalid_Key'), 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [400, error('RequestLimitExceeded'), 'rateLimited', undefined],
    [400, error('GeneralError'), 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [503, error('ServiceUnavailable'), 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [500, error('PaymentRequired'), 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [500, error('Unknown_Subaccount'), 'permanent', 'CHANNEL_MISCONFIGURED'],
    [500, error('Unknown_Template'), 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [500, error('ValidationError'), 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [500, error('GeneralError'), 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [503, error('ServiceUnavailable'), 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [502, '<html>', 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [413, '', 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [429, '', 'rateLimited', undefined],
  ])('%d %s → %s %s', (status, text, kind, code) => {
    const outcome = classifyMandrillAnswer({ status, text });
    expect(outcome.kind).toBe(kind);
    if (code !== undefined) expect(outcome).toHaveProperty('code', code);
  });

  it.each(['soft-bounce', 'spam', 'unsub', 'custom', 'rule'])('%s is about the recipient alone', (reason) =>
    expect(classifyMandrillAnswer({ status: 200, text: result('rejected', reason) })).toMatchObject({
      about: 'recipient',
    }),
  );
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(config: object = {}) {
  const server = await startFakeHttpServer('accept', () => ({ status: 200, body: result('queued') }));
  cleanups.push(server.stop);
  const provider = mandrill.create(
    mandrill.config.parse({
      apiKey: 'md-0123456789',
      from: 'Herald <herald@example.com>',
      baseUrl: server.origin,
      ...config,
    }),
    testDeps(),
  );
  cleanups.push(() => provider.close?.());
  const send = (message: Partial<OutgoingMessage>) =>
    provider.send(
      {
        workspace: 'default',
        channel: 'EMAIL',
        address: 'ada@example.com',
        notification: 'n1',
        delivery: 'd1',
        priority: 'MEDIUM',
        locale: 'en',
        title: 'Hi',
        body: 'Text *|FNAME|*',
        ...message,
      },
      { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) },
    );
  const sent = (): unknown => JSON.parse(server.requests.at(-1)?.body.toString('utf8') ?? '');
  return { provider, send, sent, requests: server.requests };
}

describe('Mailchimp Transactional', () => {
  it('sends text, HTML, attachments, pictures and one-click unsubscribe', async () => {
    const { send, sent, requests } = await start({ subaccount: 'eu' });
    const outcome = await send({
      priority: 'HIGH',
      html: '<p><img src="cid:logo"></p>',
      unsubscribeUrl: 'https://herald.example.com/u/1',
      data: {
        email: {
          attachments: [
            { filename: 'a.pdf', contentType: 'application/pdf', content: 'JVBERg==' },
            { filename: 'logo.png', contentType: 'image/png', content: 'iVBORw==', cid: 'logo' },
          ],
        },
        mandrill: { tags: ['invoice'] },
      },
    });
    expect(outcome).toEqual({ kind: 'accepted', providerMessageId: 'id-1' });
    expect(requests[0]?.path).toBe('/api/1.0/messages/send.json');
    expect(sent()).toEqual({
      key: 'md-0123456789',
      message: {
        from_email: 'herald@example.com',
        from_name: 'Herald',
        to: [{ email: 'ada@example.com', type: 'to' }],
        subject: 'Hi',
        text: 'Text *|FNAME|*',
        html: '<p><img src="cid:logo"></p>',
        headers: {
          'Auto-Submitted': 'auto-generated',
          'List-Unsubscribe': '<https://herald.example.com/u/1>',
          'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
          'Message-Id': expect.stringMatching(/^<[0-9a-f]{64}@example\.com>$/),
        },
        important: true,
        metadata: { herald_delivery: 'd1' },
        attachments: [{ type: 'application/pdf', name: 'a.pdf', content: 'JVBERg==' }],
        images: [{ type: 'image/png', name: 'logo', content: 'iVBORw==' }],
        tags: ['invoice'],
        subaccount: 'eu',
        auto_text: false,
        merge: false,
      },
    });
  });

  it("uses one of Mailchimp's templates", async () => {
    const { send, sent, requests } = await start();
    await send({ data: { mandrill: { template: 'welcome', variables: { fname: 'Ada' } } } });
    expect(requests[0]?.path).toBe('/api/1.0/messages/send-template.json');
    expect(sent()).toMatchObject({
      template_name: 'welcome',
      template_content: [],
      message: { merge: true, global_merge_vars: [{ name: 'fname', content: 'Ada' }] },
    });
  });

  it.each([
    [{ address: 'ada' }, { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_INVALID' }],
    [{ data: { mandrill: { tags: ['_x'] } } }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' }],
    [{ body: 'x'.repeat(25_000_001) }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' }],
  ])('asks nothing of Mailchimp for what it would not take', async (message, expected) => {
    const { send, requests } = await start();
    expect(await send(message)).toMatchObject(expected);
    expect(requests).toEqual([]);
  });
});

const KEY = 'webhook-key-0123456789';
const URL_AT_MAILCHIMP = 'https://herald.example.com/receipts/mandrill?a=1';

function webhook(events: unknown, key = KEY, url = URL_AT_MAILCHIMP): RawReceipt {
  const text = typeof events === 'string' ? events : JSON.stringify(events);
  return {
    method: 'POST',
    url: new URL(URL_AT_MAILCHIMP),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-mandrill-signature': createHmac('sha1', key).update(`${url}mandrill_events${text}`).digest('base64'),
    },
    body: Buffer.from(new URLSearchParams({ mandrill_events: text }).toString()),
  };
}
const parse = (raw: RawReceipt) => parseMandrillReceipts(raw, { key: KEY, url: undefined });

/** From "Message Event Webhook Format". */
const EVENT = {
  ts: 1_384_954_004,
  _id: 'exampleaaaaaaaaaaaaaaaaaaaaaaaaa2',
  msg: {
    ts: 1_365_109_999,
    subject: 'This an example webhook message',
    email: 'example.webhook@mandrillapp.com',
    sender: 'example.sender@mandrillapp.com',
    tags: ['webhook-example'],
    state: 'bounced',
    metadata: { user_id: 111, herald_delivery: 'd1' },
    _id: 'exampleaaaaaaaaaaaaaaaaaaaaaaaaa2',
    _version: 'exampleaaaaaaaaaaaaaaa',
    bounce_description: 'bad_mailbox',
    bgtools_code: 10,
    diag: 'smtp;550 5.1.1 The email account that you tried to reach does not exist. hunter2',
  },
};

describe('webhooks of Mailchimp Transactional', () => {
  it.each([
    ['send', undefined],
    ['delivered', 'delivered'],
    ['deferral', 'deferred'],
    ['hard_bounce', 'bounced'],
    ['soft_bounce', 'failed'],
    ['open', 'opened'],
    ['click', 'clicked'],
    ['spam', 'complained'],
    ['unsub', 'unsubscribed'],
    ['reject', 'failed'],
    ['toString', undefined],
  ])('%s → %s', (event, kind) => {
    const parsed = parse(webhook([{ event, ...EVENT }]));
    expect(parsed).toMatchObject({
      kind: 'receipts',
      receipts:
        kind === undefined
          ? []
          : [
              {
                key: `${event}:exampleaaaaaaaaaaaaaaaaaaaaaaaaa2:1384954004`,
                kind,
                providerMessageId: 'exampleaaaaaaaaaaaaaaaaaaaaaaaaa2',
                delivery: 'd1',
                address: 'example.webhook@mandrillapp.com',
                at: new Date(1_384_954_004_000),
              },
            ],
      answer: { status: 200 },
    });
    expect(JSON.stringify(parsed)).not.toContain('hunter2');
  });

  it.each([
    ['hard-bounce', ['bounced']],
    ['invalid', ['bounced']],
    ['spam', ['failed', 'complained']],
    ['unsub', ['failed', 'unsubscribed']],
    ['soft-bounce', ['failed']],
    ['custom', ['failed']],
    ['invalid-sender', ['failed']],
    ['test-mode-limit', ['failed']],
    ['unsigned', ['failed']],
    ['rule', ['failed']],
  ])('reject for %s → %s', (reason, kinds) =>
    expect(
      parse(webhook([{ event: 'reject', ...EVENT, msg: { ...EVENT.msg, reject: { reason } } }])),
    ).toMatchObject({ receipts: kinds.map((kind) => ({ kind })) }),
  );

  it('passes over what is no event of a message', () => {
    const sync = { type: 'blacklist', action: 'add', reject: { email: 'a@b.c' }, ts: 1 };
    expect(parse(webhook([sync, null, { event: 'hard_bounce', ...EVENT }]))).toMatchObject({
      receipts: [{ kind: 'bounced', message: 'The receiving server refused it (5.1.1).' }],
    });
  });

  const good = webhook([{ event: 'open', ...EVENT }]);
  it.each([
    ['another key', webhook([{ event: 'open', ...EVENT }], 'test-webhook')],
    ['another address', webhook([{ event: 'open', ...EVENT }], KEY, 'https://evil.example/')],
    ['another body', { ...good, body: Buffer.from('mandrill_events=[1]') }],
    ['a further field', { ...good, body: Buffer.concat([good.body, Buffer.from('&a=b')]) }],
    ['no signature', { ...good, headers: {} }],
  ])('does not believe %s', (_name, raw) => expect(parse(raw).kind).toBe('unauthorized'));

  it('takes the address that the account names, where a proxy made another of it', () => {
    const behind = { ...good, url: new URL('http://10.0.0.5:4000/receipts/mandrill') };
    expect(parse(behind).kind).toBe('unauthorized');
    expect(parseMandrillReceipts(behind, { key: KEY, url: URL_AT_MAILCHIMP }).kind).toBe('receipts');
  });

  it('believes nobody without a key, and answers the test without events', () => {
    expect(parseMandrillReceipts(good, { key: undefined, url: undefined }).kind).toBe('unauthorized');
    expect(parseMandrillReceipts(webhook([], 'test-webhook'), { key: undefined, url: undefined })).toEqual({
      kind: 'receipts',
      receipts: [],
      answer: { status: 200 },
    });
  });

  it.each(['', '{}', 'no JSON'])('calls %j malformed', (text) =>
    expect(parse(webhook(text)).kind).toBe('malformed'),
  );
});
