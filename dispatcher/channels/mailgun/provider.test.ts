import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage, RawReceipt } from '../contract.ts';
import { type FakeAnswer, startFakeHttpServer } from '../network/fake-http-server.ts';
import { testDeps } from '../testing/test-deps.ts';
import { classifyMailgunAnswer } from './classify-answer.ts';
import { mailgun } from './provider.ts';
import { parseMailgunReceipts } from './receipts.ts';

const json = (message: string) => JSON.stringify({ message });

describe('answers of Mailgun', () => {
  it.each([
    [
      400,
      json('to parameter is not a valid address. please check documentation'),
      'invalidRecipient',
      'CHANNEL_ADDRESS_INVALID',
    ],
    [
      400,
      json("'to' parameter is not a valid address. please check documentation"),
      'invalidRecipient',
      'CHANNEL_ADDRESS_INVALID',
    ],
    [400, json("'from' parameter is not a valid address."), 'permanent', 'CHANNEL_MISCONFIGURED'],
    [
      400,
      json('Sandbox subdomains are for test purposes only. Please add the address to authorized recipients.'),
      'permanent',
      'CHANNEL_MISCONFIGURED',
    ],
    [
      403,
      json(
        'Domain mg.example.com is not allowed to send: The domain is unverified and requires DNS configuration.',
      ),
      'permanent',
      'CHANNEL_MISCONFIGURED',
    ],
    [
      403,
      json('Domain mg.example.com is disabled. Please contact support'),
      'permanent',
      'CHANNEL_MISCONFIGURED',
    ],
    [
      400,
      json("Need at least one of 'text' or 'html' parameters specified"),
      'permanent',
      'CHANNEL_MESSAGE_REJECTED',
    ],
    [401, 'Forbidden', 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [402, '', 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [403, json('Forbidden'), 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [404, json('Domain not found: mg.example.com'), 'permanent', 'CHANNEL_MISCONFIGURED'],
    [
      400,
      json('Domain mg.example.com is not allowed to send: Please activate your Mailgun account.'),
      'permanent',
      'CHANNEL_MISCONFIGURED',
    ],
    [
      403,
      json('Domain mg.example.com is not allowed to send large batches yet'),
      'permanent',
      'CHANNEL_MISCONFIGURED',
    ],
    [
      403,
      json("Rejected: IP 1.2.3.4 can't be used to send the message"),
      'permanent',
      'CHANNEL_MISCONFIGURED',
    ],
    [
      400,
      json('Send options (parameters starting with o:, h:, or v:) are limited to 16 kB total'),
      'permanent',
      'CHANNEL_MESSAGE_TOO_LARGE',
    ],
    [400, json('Header name must be pure ASCII: x'), 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [413, '', 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [420, '', 'rateLimited', undefined],
    [429, json('Too many requests'), 'rateLimited', undefined],
    [500, '', 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [502, '', 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [200, 'Mailgun Magnificent API', 'retryable', 'CHANNEL_UNEXPECTED_ANSWER'],
    [301, '', 'retryable', 'CHANNEL_UNEXPECTED_ANSWER'],
  ])('%d %s → %s %s', (status, text, kind, code) => {
    const outcome = classifyMailgunAnswer({ status, text }, new Date());
    expect(outcome.kind).toBe(kind);
    if (code !== undefined) expect(outcome).toHaveProperty('code', code);
  });

  it.each([
    [
      'Domain x is not allowed to send: request limit exceeded, try again after Mon, 20 Dec 2021 20:33:21 UTC',
      21_000,
    ],
    ['bytes limit exceeded, try again after Mon, 20 Dec 2021 20:00:00 UTC', 0],
    ['recipient limit exceeded, try again after a while UTC', undefined],
  ])('waits as long as it says: %s', (said, retryAfterMs) =>
    expect(
      classifyMailgunAnswer({ status: 429, text: json(said) }, new Date('2021-12-20T20:33:00Z')),
    ).toEqual({
      kind: 'rateLimited',
      message: 'Mailgun asks to wait (429).',
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    }),
  );

  it('gives the id as webhooks name it', () => {
    const text = JSON.stringify({ id: '<20111114174239.25659.5817@mg.example.com>', message: 'Queued.' });
    expect(classifyMailgunAnswer({ status: 200, text }, new Date())).toEqual({
      kind: 'accepted',
      providerMessageId: '20111114174239.25659.5817@mg.example.com',
    });
  });
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(answer: FakeAnswer = { status: 200, body: '{"id":"<a@b>"}' }, config: object = {}) {
  const server = await startFakeHttpServer('accept', () => answer);
  cleanups.push(server.stop);
  const provider = mailgun.create(
    mailgun.config.parse({
      apiKey: 'k'.repeat(32),
      domain: 'mg.example.com',
      from: 'Grüße <herald@mg.example.com>',
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
        body: 'Text',
        ...message,
      },
      { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) },
    );
  /** The form, read by Node's own parser. */
  const sent = async () => {
    const [request] = server.requests;
    const headers = { 'content-type': request?.headers['content-type'] ?? '' };
    const form = await new Response(new Uint8Array(request?.body ?? []), { headers }).formData();
    return Promise.all(
      [...form].map(async ([name, value]) =>
        typeof value === 'string' ? [name, value] : [name, value.name, value.type, await value.text()],
      ),
    );
  };
  return { provider, send, sent, requests: server.requests };
}

describe('Mailgun', () => {
  it('sends text, HTML, attachments, pictures and one-click unsubscribe', async () => {
    const { send, sent } = await start(undefined, { testMode: true });
    await send({
      html: '<p><img src="cid:logo"></p>',
      unsubscribeUrl: 'https://herald.example.com/u/1',
      data: {
        email: {
          attachments: [
            { filename: 'Größe.txt', contentType: 'text/plain', content: 'R3LDtsOfZQ==' },
            { filename: 'logo.png', contentType: 'image/png', content: 'eA==', cid: 'logo' },
          ],
        },
        mailgun: { tags: ['invoice', 'eu'] },
      },
    });
    expect(await sent()).toEqual([
      ['from', '=?UTF-8?B?R3LDvMOfZQ==?= <herald@mg.example.com>'],
      ['to', 'ada@example.com'],
      ['subject', 'Hi'],
      ['text', 'Text'],
      ['html', '<p><img src="cid:logo"></p>'],
      ['h:Auto-Submitted', 'auto-generated'],
      ['h:List-Unsubscribe', '<https://herald.example.com/u/1>'],
      ['h:List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
      ['h:Message-Id', expect.stringMatching(/^<[0-9a-f]{64}@mg\.example\.com>$/)],
      ['v:herald-delivery', 'd1'],
      ['o:tag', 'invoice'],
      ['o:tag', 'eu'],
      ['o:testmode', 'yes'],
      ['attachment', 'Größe.txt', 'text/plain', 'Größe'],
      ['inline', 'logo', 'image/png', 'x'],
    ]);
  });

  it("uses one of Mailgun's templates", async () => {
    const { send, sent } = await start();
    await send({ data: { mailgun: { template: 'welcome', templateVersion: 'v2', variables: { a: 1 } } } });
    const fields = await sent();
    expect(fields).toContainEqual(['template', 'welcome']);
    expect(fields).toContainEqual(['t:version', 'v2']);
    expect(fields).toContainEqual(['t:variables', '{"a":1}']);
    expect(fields.map(([name]) => name)).not.toContain('text');
  });

  it.each([
    [{ address: 'ada, eve@example.com' }, { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_INVALID' }],
    [{ data: { mailgun: { tag: 'x' } } }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' }],
    [{ body: 'x'.repeat(25_000_001) }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' }],
  ])('asks nothing of Mailgun for what it would not take', async (message, expected) => {
    const { send, requests } = await start();
    expect(await send(message)).toMatchObject(expected);
    expect(requests).toEqual([]);
  });

  it.each([
    [400, json('from parameter is missing'), true],
    [401, 'Forbidden', false],
    [404, json('Domain not found: mg.example.com'), false],
    [200, '{"id":"<a@b>"}', false],
  ])('%d %s to an empty message: well = %s', async (status, body, ok) => {
    const { provider } = await start({ status, body });
    expect(await provider.health?.(AbortSignal.timeout(20_000))).toMatchObject({ ok });
  });
});

const KEY = 'f'.repeat(32);
const NOW = new Date('2026-03-01T12:00:00Z');

function webhook(event: object, timestamp = String(NOW.getTime() / 1_000), key = KEY): RawReceipt {
  const token = 'a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0';
  const signature = createHmac('sha256', key).update(`${timestamp}${token}`).digest('hex');
  return raw({ signature: { timestamp, token, signature }, 'event-data': event });
}
const raw = (body: unknown): RawReceipt => ({
  method: 'POST',
  url: new URL('https://herald.example.com/receipts/mailgun'),
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});

/** From "Webhook Payloads". */
const EVENT = {
  id: 'CPgfbmQMTCKtHW6uIWtuVe',
  timestamp: 1_521_472_262.908181,
  'log-level': 'info',
  recipient: 'alice@example.com',
  'recipient-domain': 'example.com',
  'user-variables': { 'herald-delivery': 'd1', my: 1 },
  message: {
    headers: {
      to: 'Alice <alice@example.com>',
      'message-id': '20130503182626.18666.16540@mg.example.com',
      from: 'Bob <bob@mg.example.com>',
      subject: 'Test delivered webhook',
    },
    size: 111,
  },
};
const permanent = { event: 'failed', severity: 'permanent' };

describe('webhooks of Mailgun', () => {
  it.each([
    [{ event: 'accepted' }, undefined],
    [{ event: 'delivered', 'delivery-status': { code: 250, message: 'OK' } }, 'delivered'],
    [{ event: 'opened' }, 'opened'],
    [{ event: 'clicked', url: 'http://example.com' }, 'clicked'],
    [{ event: 'complained' }, 'complained'],
    [{ event: 'unsubscribed' }, 'unsubscribed'],
    [{ event: 'rejected', reject: { reason: 'Sandbox subdomains are for test purposes only.' } }, 'failed'],
    [
      { event: 'failed', severity: 'temporary', reason: 'generic', 'delivery-status': { code: 452 } },
      'deferred',
    ],
    [{ ...permanent, reason: 'suppress-bounce', 'delivery-status': { code: 605 } }, 'bounced'],
    [
      { ...permanent, reason: 'bounce', 'delivery-status': { code: 550, 'enhanced-code': '5.1.1' } },
      'bounced',
    ],
    [{ ...permanent, reason: 'bounce', 'delivery-status': { code: 550 } }, 'bounced'],
    [
      { ...permanent, reason: 'bounce', 'delivery-status': { code: 552, 'enhanced-code': '5.2.2' } },
      'failed',
    ],
    [
      { ...permanent, reason: 'bounce', 'delivery-status': { code: 550, 'enhanced-code': '5.7.1' } },
      'failed',
    ],
    // A delayed bounce, as in https://github.com/mailgun/documentation/blob/master/source/api-events.rst
    [
      { ...permanent, reason: 'generic', 'delivery-status': { code: 550, 'enhanced-code': '5.1.1' } },
      'bounced',
    ],
    [
      { ...permanent, reason: 'generic', 'delivery-status': { code: 550, 'enhanced-code': '5.1.8' } },
      'failed',
    ],
    [
      { ...permanent, reason: 'bounce', 'delivery-status': { code: 553, 'enhanced-code': '5.1.7' } },
      'failed',
    ],
    [{ ...permanent, reason: 'generic', 'delivery-status': { code: 550 } }, 'failed'],
    [{ event: 'accepted' }, undefined],
    [{ event: 'stored' }, undefined],
    [{ ...permanent, reason: 'old', 'delivery-status': { code: 602 } }, 'failed'],
    [{ ...permanent, reason: 'toString' }, 'failed'],
    [{ event: 'toString' }, undefined],
  ])('%j → %s', (fields, kind) => {
    expect(parseMailgunReceipts(webhook({ ...EVENT, ...fields }), KEY, NOW)).toMatchObject({
      kind: 'receipts',
      receipts:
        kind === undefined
          ? []
          : [
              {
                key: 'CPgfbmQMTCKtHW6uIWtuVe:1521472262.908181',
                kind,
                providerMessageId: '20130503182626.18666.16540@mg.example.com',
                delivery: 'd1',
                address: 'alice@example.com',
                at: new Date(1_521_472_262_908),
              },
            ],
    });
  });

  it.each([
    ['suppress-complaint', 607, 'complained'],
    ['suppress-unsubscribe', 606, 'unsubscribed'],
  ])('what %s (%d) stopped has failed, and its recipient has %s', (reason, code, kind) => {
    const event = { ...EVENT, ...permanent, reason, 'delivery-status': { code } };
    expect(parseMailgunReceipts(webhook(event), KEY, NOW)).toMatchObject({
      receipts: [
        { kind: 'failed', key: 'CPgfbmQMTCKtHW6uIWtuVe:1521472262.908181' },
        { kind, key: `CPgfbmQMTCKtHW6uIWtuVe:1521472262.908181:${kind}` },
      ],
    });
  });

  it('quotes codes and no text of other servers', () => {
    const parsed = parseMailgunReceipts(
      webhook({
        ...EVENT,
        ...permanent,
        reason: 'bounce',
        'delivery-status': {
          code: 550,
          'enhanced-code': '5.1.1',
          message: 'hunter2',
          description: 'hunter2',
        },
      }),
      KEY,
      NOW,
    );
    expect(parsed).toMatchObject({ receipts: [{ message: 'The receiving server refused it (5.1.1).' }] });
    expect(JSON.stringify(parsed)).not.toContain('hunter2');
  });

  const event = { ...EVENT, event: 'delivered' };
  it.each([
    ['another key', webhook(event, undefined, 'g'.repeat(32))],
    ['an old signature', webhook(event, String(NOW.getTime() / 1_000 - 40_000))],
    ['no time', webhook(event, 'soon')],
    ['no signature', raw({ signature: { timestamp: '1', token: 't', signature: '' }, 'event-data': event })],
  ])('does not believe %s', (_name, request) =>
    expect(parseMailgunReceipts(request, KEY, NOW).kind).toBe('unauthorized'),
  );

  it('believes nobody without a key', () =>
    expect(parseMailgunReceipts(webhook(event), undefined, NOW).kind).toBe('unauthorized'));

  it.each(['', '[]', { signature: {}, 'event-data': EVENT }, { 'event-data': EVENT }])(
    'calls %j malformed',
    (body) => expect(parseMailgunReceipts(raw(body), KEY, NOW).kind).toBe('malformed'),
  );
});
