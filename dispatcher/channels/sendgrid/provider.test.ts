import { generateKeyPairSync, sign } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage, RawReceipt } from '../contract.ts';
import { startFakeHttpServer } from '../network/fake-http-server.ts';
import { testDeps } from '../testing/test-deps.ts';
import { classifySendgridAnswer } from './classify-answer.ts';
import { sendgrid } from './provider.ts';
import { parseSendgridReceipts, verificationKeyOf } from './receipts.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const errors = (message: string, field: string | null = null) =>
  JSON.stringify({ errors: [{ message, field, help: null }] });

describe('answers of SendGrid', () => {
  it.each([
    [202, '', 'accepted', undefined],
    [200, '', 'accepted', undefined],
    [
      400,
      errors('Does not contain a valid address.', 'personalizations.0.to.0.email'),
      'invalidRecipient',
      'CHANNEL_ADDRESS_INVALID',
    ],
    [400, errors('Does not contain a valid address.', 'from.email'), 'permanent', 'CHANNEL_MISCONFIGURED'],
    [
      403,
      errors('The from address does not match a verified Sender Identity.', 'from'),
      'permanent',
      'CHANNEL_MISCONFIGURED',
    ],
    [
      400,
      errors('The template_id must be a valid GUID', 'template_id'),
      'permanent',
      'CHANNEL_MESSAGE_REJECTED',
    ],
    [
      400,
      errors('The content value must be a string at least one character in length.', 'content.0.value'),
      'permanent',
      'CHANNEL_MESSAGE_REJECTED',
    ],
    [400, 'no JSON', 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
    [
      401,
      errors('The provided authorization grant is invalid, expired, or revoked'),
      'permanent',
      'CHANNEL_UNAUTHORIZED',
    ],
    [401, errors('Maximum credits exceeded'), 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [403, errors('access forbidden'), 'permanent', 'CHANNEL_UNAUTHORIZED'],
    [413, '', 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [429, errors('too many requests'), 'rateLimited', undefined],
    [451, '', 'permanent', 'CHANNEL_MISCONFIGURED'],
    [500, '', 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [503, '', 'retryable', 'CHANNEL_PROVIDER_UNAVAILABLE'],
    [302, '', 'retryable', 'CHANNEL_UNEXPECTED_ANSWER'],
  ])('%d %s → %s %s', (status, text, kind, code) => {
    const outcome = classifySendgridAnswer({ status, text }, NOW);
    expect(outcome.kind).toBe(kind);
    if (code !== undefined) expect(outcome).toHaveProperty('code', code);
  });

  it('gives the id that receipts will name', () => {
    expect(
      classifySendgridAnswer({ status: 202, text: '', headers: { 'x-message-id': 'abc' } }, NOW),
    ).toEqual({
      kind: 'accepted',
      providerMessageId: 'abc',
    });
  });

  it.each([
    [{ 'x-ratelimit-reset': String(NOW.getTime() / 1_000 + 90) }, undefined, 90_000],
    [{ 'x-ratelimit-reset': String(NOW.getTime() / 1_000 - 5) }, undefined, 0],
    [{ 'x-ratelimit-reset': '1' }, 7_000, 7_000],
    [{ 'x-ratelimit-reset': 'soon' }, undefined, undefined],
  ])('waits as %j and Retry-After say', (headers, retryAfterMs, expected) => {
    const answer = { status: 429, text: '', headers, ...(retryAfterMs !== undefined && { retryAfterMs }) };
    const outcome = classifySendgridAnswer(answer, NOW);
    expect(outcome).toMatchObject({ kind: 'rateLimited' });
    expect('retryAfterMs' in outcome ? outcome.retryAfterMs : undefined).toBe(expected);
  });
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(config: object = {}) {
  const server = await startFakeHttpServer('accept', ({ method }) =>
    method === 'GET' ? { status: 200, body: '{"scopes":["stats.read"]}' } : { status: 202 },
  );
  cleanups.push(server.stop);
  const provider = sendgrid.create(
    sendgrid.config.parse({
      apiKey: 'SG.a.b',
      from: 'Herald <herald@example.com>',
      baseUrl: server.origin,
      ...config,
    }),
    testDeps({ now: () => NOW }),
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
        body: 'Text',
        ...message,
      },
      { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) },
    );
  const sent = (): unknown => JSON.parse(server.requests.at(-1)?.body.toString('utf8') ?? '');
  return { provider, send, sent, requests: server.requests };
}

describe('SendGrid', () => {
  it('sends text, HTML, attachments, pictures and one-click unsubscribe', async () => {
    const { send, sent } = await start({ sandbox: true });
    await send({
      title: 'Invoice',
      html: '<p>Text <img src="cid:logo"></p>',
      unsubscribeUrl: 'https://herald.example.com/u/1',
      data: {
        email: {
          attachments: [
            { filename: 'a.pdf', contentType: 'application/pdf', content: 'JVBERg==' },
            { filename: 'logo.png', contentType: 'image/png', content: 'iVBORw==', cid: 'logo' },
          ],
        },
        sendgrid: { categories: ['invoice'], unsubscribeGroup: 7 },
      },
    });
    expect(sent()).toEqual({
      personalizations: [{ to: [{ email: 'ada@example.com' }], custom_args: { herald_delivery: 'd1' } }],
      from: { email: 'herald@example.com', name: 'Herald' },
      subject: 'Invoice',
      content: [
        { type: 'text/plain', value: 'Text' },
        { type: 'text/html', value: '<p>Text <img src="cid:logo"></p>' },
      ],
      attachments: [
        { content: 'JVBERg==', filename: 'a.pdf', type: 'application/pdf', disposition: 'attachment' },
        {
          content: 'iVBORw==',
          filename: 'logo.png',
          type: 'image/png',
          disposition: 'inline',
          content_id: 'logo',
        },
      ],
      headers: {
        'Auto-Submitted': 'auto-generated',
        'List-Unsubscribe': '<https://herald.example.com/u/1>',
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
        'Message-ID': expect.stringMatching(/^<[0-9a-f]{64}@example\.com>$/),
      },
      categories: ['invoice'],
      asm: { group_id: 7 },
      mail_settings: { sandbox_mode: { enable: true } },
    });
  });

  it("uses one of SendGrid's templates", async () => {
    const { send, sent } = await start();
    await send({ data: { sendgrid: { templateId: 'd-1', templateData: { total: 5 } } } });
    expect(sent()).toMatchObject({
      template_id: 'd-1',
      personalizations: [{ dynamic_template_data: { total: 5 } }],
    });
    expect(sent()).not.toHaveProperty('content');
  });

  it.each([
    [{ address: 'почта@example.com' }, { kind: 'permanent', about: 'recipient' }],
    [{ address: 'ada' }, { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_INVALID' }],
    [{ data: { sendgrid: { template: 'd-1' } } }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' }],
    [{ body: 'x'.repeat(30_000_001) }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' }],
  ])('asks nothing of SendGrid for what it would not take', async (message, expected) => {
    const { send, requests } = await start();
    expect(await send(message)).toMatchObject(expected);
    expect(requests).toEqual([]);
  });

  it('says that a key without Mail Send is of no use', async () => {
    const { provider } = await start();
    expect(await provider.health?.(AbortSignal.timeout(20_000))).toEqual({
      ok: false,
      message: expect.stringContaining('Mail Send'),
    });
  });
});

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const SHOWN_KEY = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');

function signed(events: unknown, timestamp = String(NOW.getTime() / 1_000)): RawReceipt {
  const body = Buffer.from(typeof events === 'string' ? events : JSON.stringify(events));
  const signature = sign('sha256', Buffer.concat([Buffer.from(timestamp), body]), privateKey);
  return {
    method: 'POST',
    url: new URL('https://herald.example.com/receipts/sendgrid'),
    headers: {
      'x-twilio-email-event-webhook-signature': signature.toString('base64'),
      'x-twilio-email-event-webhook-timestamp': timestamp,
    },
    body,
  };
}
const parse = (raw: RawReceipt) => parseSendgridReceipts(raw, verificationKeyOf(SHOWN_KEY), NOW);

/** From the Event Webhook Reference. */
const EVENT = {
  email: 'example@test.com',
  timestamp: 1_513_299_569,
  'smtp-id': '<14c5d75ce93.dfd.64b469@ismtpd-555>',
  category: 'cat facts',
  sg_event_id: 'sg_event_id',
  sg_message_id: '14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0',
};

describe('event webhooks of SendGrid', () => {
  it.each([
    [{ event: 'processed' }, undefined],
    [{ event: 'deferred', response: '400 try again later', attempt: '5' }, 'deferred'],
    [{ event: 'delivered', response: '250 OK' }, 'delivered'],
    [{ event: 'open', useragent: 'Mozilla/4.0', ip: '255.255.255.255' }, 'opened'],
    [{ event: 'click', url: 'http://www.sendgrid.com/' }, 'clicked'],
    [{ event: 'bounce', type: 'bounce', reason: '500 unknown recipient', status: '5.0.0' }, 'bounced'],
    [{ event: 'bounce', type: 'blocked', reason: '550 blocked', status: '5.7.1' }, 'failed'],
    [{ event: 'dropped', reason: 'Bounced Address', status: '5.0.0' }, 'bounced'],
    [{ event: 'dropped', reason: 'Invalid' }, 'bounced'],
    [{ event: 'dropped', reason: 'Invalid SMTPAPI header' }, 'failed'],
    [{ event: 'dropped', reason: 'Spam Content (if spam checker app enabled)' }, 'failed'],
    [{ event: 'dropped', reason: 'Recipient List over Package Quota' }, 'failed'],
    [{ event: 'account_status_change', type: 'compliance_suspend' }, undefined],
    [{ event: 'spamreport' }, 'complained'],
    [{ event: 'unsubscribe' }, 'unsubscribed'],
    [{ event: 'group_unsubscribe', asm_group_id: 10 }, 'unsubscribed'],
    [{ event: 'group_resubscribe', asm_group_id: 10 }, undefined],
    [{ event: 'toString' }, undefined],
  ])('%j → %s', (fields, kind) => {
    const parsed = parse(signed([{ ...EVENT, ...fields }]));
    if (kind === undefined) expect(parsed).toEqual({ kind: 'receipts', receipts: [] });
    else
      expect(parsed).toMatchObject({
        kind: 'receipts',
        receipts: [
          {
            key: 'sg_event_id',
            kind,
            providerMessageId: '14c5d75ce93.dfd.64b469',
            address: 'example@test.com',
            at: new Date(1_513_299_569_000),
          },
        ],
      });
  });

  it.each([
    ['Unsubscribed Address', 'unsubscribed'],
    ['Spam Reporting Address', 'complained'],
  ])('what is dropped for an %s has failed, and its recipient has %s', (reason, kind) =>
    expect(parse(signed([{ ...EVENT, event: 'dropped', reason }]))).toMatchObject({
      receipts: [
        { key: 'sg_event_id', kind: 'failed' },
        { key: `sg_event_id:${kind}`, kind },
      ],
    }),
  );

  it('reads a batch, passes over what it does not know and quotes no text of other servers', () => {
    const parsed = parse(
      signed([
        { ...EVENT, event: 'bounce', type: 'bounce', reason: 'hunter2', status: '5.1.1' },
        'nothing',
        { event: 'delivered' },
        {
          ...EVENT,
          event: 'delivered',
          sg_event_id: 'second',
          sg_message_id: 'abc.recvd-1',
          herald_delivery: 'd1',
        },
      ]),
    );
    expect(parsed).toMatchObject({
      receipts: [
        { key: 'sg_event_id', message: 'The receiving server refused the address (5.1.1).' },
        { key: 'second', providerMessageId: 'abc', delivery: 'd1' },
      ],
    });
    expect(JSON.stringify(parsed)).not.toContain('hunter2');
  });

  const good = signed([{ ...EVENT, event: 'delivered' }]);
  it.each([
    ['another body', { ...good, body: Buffer.from('[]') }],
    [
      'another time',
      { ...good, headers: { ...good.headers, 'x-twilio-email-event-webhook-timestamp': '1600000000' } },
    ],
    ['no signature', { ...good, headers: {} }],
    [
      'a signature that is none',
      { ...good, headers: { ...good.headers, 'x-twilio-email-event-webhook-signature': 'AAAA' } },
    ],
    ['an old signature', signed([], String(NOW.getTime() / 1_000 - 100_000))],
  ])('does not believe %s', (_name, raw) => expect(parse(raw).kind).toBe('unauthorized'));

  it('believes nobody without a key, and takes the key as PEM', () => {
    expect(parseSendgridReceipts(good, undefined, NOW).kind).toBe('unauthorized');
    const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    expect(parseSendgridReceipts(good, verificationKeyOf(pem), NOW).kind).toBe('receipts');
  });

  it.each(['{}', 'no JSON', ''])('calls %j malformed', (text) =>
    expect(parse(signed(text)).kind).toBe('malformed'),
  );
});
