import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RawReceipt } from '../contract.ts';
import { parseWhatsappReceipts } from './parse-receipts.ts';

const keys = { phoneNumberId: '106540352242922', appSecret: 'a'.repeat(32), verifyToken: 'meatyhamhock' };
const URL_OF_ACCOUNT = 'https://herald.example/receipts/whatsapp-cloud';

/** The examples of …/webhooks/reference/messages/status and …/user_preferences, shortened. */
const webhook = (value: object) => ({
  object: 'whatsapp_business_account',
  entry: [
    {
      id: '102290129340398',
      changes: [
        {
          value: {
            messaging_product: 'whatsapp',
            metadata: { display_phone_number: '15550783881', phone_number_id: '106540352242922' },
            ...value,
          },
          field: 'messages',
        },
      ],
    },
  ],
});
const WAMID = 'wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI3MTE5MjVBOTE3MDk5QUVFM0YA';
const status = (name: string, more: object = {}) =>
  webhook({
    statuses: [{ id: WAMID, status: name, timestamp: '1750263773', recipient_id: '16505551234', ...more }],
  });

function post(body: unknown, secret = keys.appSecret, headers: Record<string, string> = {}): RawReceipt {
  const raw = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const signature = `sha256=${createHmac('sha256', secret).update(raw).digest('hex')}`;
  return {
    method: 'POST',
    url: new URL(URL_OF_ACCOUNT),
    headers: { 'x-hub-signature-256': signature, ...headers },
    body: raw,
  };
}
const get = (query: string): RawReceipt => ({
  method: 'GET',
  url: new URL(`${URL_OF_ACCOUNT}?${query}`),
  headers: {},
  body: Buffer.alloc(0),
});

describe('statuses', () => {
  const base = {
    providerMessageId: WAMID,
    address: '+16505551234',
    at: new Date('2025-06-18T16:22:53Z'),
  };

  it.each([
    [status('delivered'), [{ ...base, key: `${WAMID}:delivered`, kind: 'delivered' }]],
    [
      status('read', { biz_opaque_callback_data: 'd1' }),
      [{ ...base, key: `${WAMID}:read`, kind: 'opened', delivery: 'd1' }],
    ],
    [
      status('failed', { errors: [{ code: 131026, title: 'Message undeliverable' }] }),
      [
        {
          ...base,
          key: `${WAMID}:failed`,
          kind: 'failed',
          message: 'WhatsApp: the number is not on WhatsApp, or cannot be reached there (131026).',
        },
      ],
    ],
    [
      // As in …/webhooks/reference/messages/status.
      status('failed', { errors: [{ code: 131049, title: 'This message was not delivered …' }] }),
      [expect.objectContaining({ key: `${WAMID}:failed`, kind: 'failed' })],
    ],
    [
      status('failed', { errors: [{ code: 131050 }], biz_opaque_callback_data: 'd1' }),
      [
        expect.objectContaining({ key: `${WAMID}:failed`, kind: 'failed', delivery: 'd1' }),
        expect.objectContaining({
          key: `${WAMID}:failed:unsubscribed`,
          kind: 'unsubscribed',
          delivery: 'd1',
        }),
      ],
    ],
    [status('played'), []],
    [
      status('failed', { errors: [{ code: 999 }] }),
      [expect.objectContaining({ message: 'WhatsApp: error 999.' })],
    ],
    [status('sent'), []],
    [status('constructor'), []],
    [webhook({ messages: [{ from: '16505551234', type: 'text', text: { body: 'Hi' } }] }), []],
    [
      webhook({ statuses: [{ nonsense: true }, { id: WAMID, status: 'read' }] }),
      [{ key: `${WAMID}:read`, kind: 'opened', providerMessageId: WAMID }],
    ],
    [
      webhook({
        user_preferences: [
          {
            wa_id: '16505551234',
            detail: 'User requested to stop marketing messages',
            category: 'marketing_messages',
            value: 'stop',
            timestamp: 1731705721,
          },
          { wa_id: '16505551234', category: 'marketing_messages', value: 'resume', timestamp: 1731705722 },
        ],
      }),
      [
        {
          key: '16505551234:marketing_messages:stop:1731705721',
          kind: 'unsubscribed',
          address: '+16505551234',
          at: new Date(1731705721_000),
          message: expect.any(String),
        },
      ],
    ],
  ])('%#', (body, receipts) => {
    expect(parseWhatsappReceipts(post(body), keys)).toEqual({
      kind: 'receipts',
      receipts,
      answer: { status: 200 },
    });
  });

  it('leaves those of other numbers of the business alone', () => {
    const other = { ...keys, phoneNumberId: '7'.repeat(15) };
    expect(parseWhatsappReceipts(post(status('read')), other)).toMatchObject({ receipts: [] });
  });

  it.each([
    ['of another secret', post(status('read'), 'b'.repeat(32))],
    ['that is missing', { ...post(status('read')), headers: {} }],
    ['of another body', { ...post(status('read')), body: post(status('failed')).body }],
    ['of the old kind', post(status('read'), keys.appSecret, { 'x-hub-signature-256': 'sha1=0' })],
  ])('refuses a signature %s', (_what, raw) => {
    expect(parseWhatsappReceipts(raw, keys)).toMatchObject({ kind: 'unauthorized' });
  });

  it('takes nothing without a secret to verify it by', () => {
    const { appSecret: _appSecret, ...rest } = keys;
    expect(parseWhatsappReceipts(post(status('read'), ''), rest)).toMatchObject({ kind: 'unauthorized' });
  });

  it.each(['', '{', '[]', '{"object":"page","entry":[]}'])('says that %j is malformed', (body) => {
    expect(parseWhatsappReceipts(post(body), keys)).toMatchObject({ kind: 'malformed' });
  });
});

describe('the verification of the address', () => {
  it('repeats the challenge', () => {
    const raw = get('hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock');
    expect(parseWhatsappReceipts(raw, keys)).toEqual({
      kind: 'receipts',
      receipts: [],
      answer: { status: 200, contentType: 'text/plain; charset=utf-8', body: '1158201444' },
    });
  });

  it.each([
    ['hub.mode=subscribe&hub.challenge=1&hub.verify_token=guess', 'unauthorized'],
    ['hub.mode=subscribe&hub.challenge=1', 'unauthorized'],
    ['hub.mode=subscribe&hub.challenge=%3Cscript%3E&hub.verify_token=meatyhamhock', 'malformed'],
    ['hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=meatyhamhock', 'malformed'],
    ['', 'malformed'],
  ])('%s: %s', (query, kind) => expect(parseWhatsappReceipts(get(query), keys)).toMatchObject({ kind }));

  it('is refused where the account has no token', () => {
    const raw = get('hub.mode=subscribe&hub.challenge=1&hub.verify_token=');
    expect(parseWhatsappReceipts(raw, { phoneNumberId: '1' })).toMatchObject({ kind: 'unauthorized' });
  });
});
