import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { RawReceipt } from '../contract.ts';
import { parseVonageReceipt } from './parse-receipt.ts';

const signatureSecret = 'a-secret';
const applicationId = 'aaaaaaaa-bbbb-cccc-dddd-0123456789ab';
const now = new Date('2030-01-01T00:00:00Z');

// As https://developer.vonage.com/en/messages/concepts/messages-status-callbacks shows it.
const callback = {
  message_uuid: 'aaaaaaaa-bbbb-cccc-dddd-0123456789ab',
  to: '447700900000',
  from: '447700900001',
  timestamp: '2023-05-01T14:00:00.000Z',
  status: 'delivered',
  usage: { currency: 'EUR', price: '0.0333' },
  client_ref: 'my-personal-reference',
  channel: 'sms',
  sms: { count_total: '2' },
};
// As https://developer.vonage.com/en/voice/voice-api/webhook-reference#event-webhook shows it.
const callEvent = {
  from: '442079460000',
  to: '447700900000',
  uuid: 'aaaaaaaa-bbbb-cccc-dddd-0123456789ab',
  conversation_uuid: 'CON-aaaaaaaa-bbbb-cccc-dddd-0123456789ab',
  status: 'completed',
  direction: 'outbound',
  timestamp: '2020-01-01T14:00:00.000Z',
};
const problem = (code: string) => ({
  type: `https://developer.vonage.com/api-errors/messages#${code}`,
  title: code,
  detail: 'secret',
  instance: 'bf0ca0bf927b3b52e3cb03217e1a1ddf',
});

/** A token as Vonage makes it, without a library of tokens. */
function token(body: string, { secret = signatureSecret, alg = 'HS256', claims = {} } = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payload = {
    iat: Math.floor(now.getTime() / 1000),
    jti: 'c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5',
    iss: 'Vonage',
    payload_hash: createHash('sha256').update(body).digest('hex'),
    api_key: 'a1b2c3d',
    application_id: applicationId,
    ...claims,
  };
  const signed = `${part({ alg, typ: 'JWT' })}.${part(payload)}`;
  return `${signed}.${alg === 'none' ? '' : createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

function receipt(
  content: unknown,
  options?: Parameters<typeof token>[1],
  sent = JSON.stringify(content),
): RawReceipt {
  return {
    method: 'POST',
    url: new URL('https://herald.example/receipts/vonage'),
    headers: { authorization: `Bearer ${token(JSON.stringify(content), options)}` },
    body: Buffer.from(sent),
  };
}
const parse = (raw: RawReceipt, account = { signatureSecret, applicationId }) =>
  parseVonageReceipt(raw, account, now);

describe('parseVonageReceipt', () => {
  it.each([
    [{ status: 'delivered' }, { kind: 'delivered' }],
    [{ status: 'read' }, { kind: 'opened' }],
    [
      { status: 'rejected', error: problem('1190') },
      { kind: 'bounced', message: expect.stringContaining('1190') },
    ],
    [
      { status: 'undeliverable', error: { error: problem('1260') } },
      { kind: 'failed', message: expect.stringContaining('1260') },
    ],
    [
      { status: 'rejected', error: problem('1180') },
      { kind: 'failed', message: expect.stringContaining('1180') },
    ],
    [{ status: 'undeliverable' }, { kind: 'failed', message: expect.any(String) }],
  ])('%j → %j', async (fields, told) => {
    const parsed = await parse(receipt({ ...callback, ...fields }));
    expect(parsed).toEqual({
      kind: 'receipts',
      receipts: [
        {
          key: `${callback.message_uuid}:${fields.status}`,
          providerMessageId: callback.message_uuid,
          delivery: callback.client_ref,
          address: '+447700900000',
          at: new Date('2023-05-01T14:00:00.000Z'),
          ...told,
        },
      ],
    });
    expect(JSON.stringify(parsed)).not.toContain('secret');
  });

  it('a message that an opt-out stopped has failed, and its recipient unsubscribed', async () => {
    const parsed = await parse(receipt({ ...callback, status: 'rejected', error: { title: 1240 } }));
    const key = `${callback.message_uuid}:rejected`;
    expect(parsed).toMatchObject({
      receipts: [
        { key, kind: 'failed', message: expect.stringContaining('1240') },
        { key: `${key}:unsubscribed`, kind: 'unsubscribed', delivery: callback.client_ref },
      ],
    });
  });

  it.each([
    ['completed', { kind: 'delivered' }],
    ['busy', { kind: 'failed', message: expect.stringMatching(/busy/) }],
    ['unanswered', { kind: 'failed', message: expect.stringMatching(/nobody answered/) }],
    ['timeout', { kind: 'failed', message: expect.stringMatching(/nobody answered/) }],
    ['rejected', { kind: 'failed', message: expect.stringMatching(/rejected/) }],
    ['cancelled', { kind: 'failed', message: expect.stringMatching(/canceled/) }],
    ['failed', { kind: 'failed', message: expect.stringMatching(/put the call through/) }],
  ])('a call that is %s → %j', async (status, told) => {
    expect(await parse(receipt({ ...callEvent, status }))).toEqual({
      kind: 'receipts',
      receipts: [
        {
          key: `${callEvent.uuid}:${status}`,
          providerMessageId: callEvent.uuid,
          address: '+447700900000',
          at: new Date('2020-01-01T14:00:00.000Z'),
          ...told,
        },
      ],
    });
  });

  it.each([
    [{ ...callEvent, status: 'started' }],
    [{ ...callEvent, status: 'ringing' }],
    [{ ...callEvent, status: 'answered' }],
    [{ reason: 'Syntax error in NCCO', conversation_uuid: callEvent.conversation_uuid }],
  ])('takes %j for a step on the way of a call', async (event) => {
    expect(await parse(receipt(event))).toEqual({ kind: 'receipts', receipts: [] });
  });

  it('takes submitted for a step on the way', async () => {
    expect(await parse(receipt({ ...callback, status: 'submitted' }))).toEqual({
      kind: 'receipts',
      receipts: [],
    });
  });

  it('does without what need not be there', async () => {
    const { message_uuid, status } = callback;
    expect(await parse(receipt({ message_uuid, status, to: 'somebody', timestamp: 'x' }))).toEqual({
      kind: 'receipts',
      receipts: [{ key: `${message_uuid}:delivered`, providerMessageId: message_uuid, kind: 'delivered' }],
    });
  });

  it.each([
    ['another secret', receipt(callback, { secret: 'other' })],
    ['no signature', receipt(callback, { alg: 'none' })],
    ['a changed body', receipt(callback, {}, JSON.stringify({ ...callback, status: 'rejected' }))],
    ['no hash of the body', receipt(callback, { claims: { payload_hash: undefined } })],
    ['a token of another application', receipt(callback, { claims: { application_id: 'other' } })],
    ['an expired token', receipt(callback, { claims: { exp: Math.floor(now.getTime() / 1000) - 60 } })],
    ['no token', { ...receipt(callback), headers: {} }],
    ['a broken token', { ...receipt(callback), headers: { authorization: 'Bearer x.y' } }],
  ])('refuses %s', async (_what, raw) => expect((await parse(raw)).kind).toBe('unauthorized'));

  it('believes nothing without a secret', async () => {
    const raw = receipt(callback, { secret: '' });
    expect(await parseVonageReceipt(raw, { applicationId }, now)).toMatchObject({
      kind: 'unauthorized',
      message: expect.stringContaining('signatureSecret'),
    });
  });

  it.each([[{}], ['x'], [{ ...callback, message_uuid: '' }]])('does not understand %j', async (content) => {
    expect((await parse(receipt(content))).kind).toBe('malformed');
  });
});
