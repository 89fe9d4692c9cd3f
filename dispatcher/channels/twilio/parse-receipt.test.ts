import { describe, expect, it } from 'vitest';
import type { RawReceipt } from '../contract.ts';
import { parseTwilioReceipt, twilioSignature } from './parse-receipt.ts';

const authToken = 'a'.repeat(32);
const called = 'https://herald.example/receipts/twilio?delivery=d-1';

// The fields that https://www.twilio.com/docs/messaging/guides/track-outbound-message-status shows.
const callback = {
  SmsSid: 'SM1f0e8ae6ade43cb3c0ce4525424e404f',
  SmsStatus: 'sent',
  MessageStatus: 'delivered',
  To: '+15558675310',
  MessageSid: 'SM1f0e8ae6ade43cb3c0ce4525424e404f',
  AccountSid: `AC${'0'.repeat(32)}`,
  From: '+15017122661',
  ApiVersion: '2010-04-01',
};

function receipt(
  fields: Record<string, string>,
  { signedUrl = called, url = called, token = authToken, method = 'POST' } = {},
): RawReceipt {
  const body = new URLSearchParams({ ...callback, ...fields });
  const signature = twilioSignature(token, signedUrl, body).toString('base64');
  return {
    method,
    url: new URL(url),
    headers: { 'x-twilio-signature': signature },
    body: Buffer.from(body.toString()),
  };
}
/** The fields of https://www.twilio.com/docs/usage/webhooks/voice-webhooks, as they come at the end of a call. */
const call = {
  CallSid: 'CA1f0e8ae6ade43cb3c0ce4525424e404f',
  AccountSid: callback.AccountSid,
  From: callback.From,
  To: callback.To,
  Direction: 'outbound-api',
  ApiVersion: '2010-04-01',
  CallDuration: '0',
  Timestamp: 'Wed, 08 Oct 2025 13:54:12 +0000',
  CallbackSource: 'call-progress-events',
  SequenceNumber: '2',
};
function callEnded(fields: Record<string, string>): RawReceipt {
  const body = new URLSearchParams({ ...call, ...fields });
  return {
    method: 'POST',
    url: new URL(called),
    headers: { 'x-twilio-signature': twilioSignature(authToken, called, body).toString('base64') },
    body: Buffer.from(body.toString()),
  };
}
const parse = (raw: RawReceipt, receiptsUrl?: string) => parseTwilioReceipt(raw, { authToken, receiptsUrl });
const id = { providerMessageId: callback.MessageSid, address: '+15558675310', delivery: 'd-1' };

describe('twilioSignature', () => {
  it.each([
    ['+14158675310', 'GvWf1cFY/Q7PnoempGyD5oXAezc='],
    ['+14158675309', 'RSOYDt4T1cUTdK1PDd93/VVr8B8='],
  ])('is that of Twilio’s own example from %s', (number, signature) => {
    const params = new URLSearchParams({
      CallSid: 'CA1234567890ABCDE',
      Caller: number,
      Digits: '1234',
      From: number,
      To: '+18005551212',
    });
    const made = twilioSignature('12345', 'https://mycompany.com/myapp.php?foo=1&bar=2', params);
    expect(made.toString('base64')).toBe(signature);
  });
});

describe('parseTwilioReceipt', () => {
  it.each([
    [{ MessageStatus: 'delivered' }, { kind: 'delivered' }],
    [{ MessageStatus: 'read' }, { kind: 'opened' }],
    [
      { MessageStatus: 'undelivered', ErrorCode: '30003' },
      { kind: 'failed', message: expect.stringContaining('30003') },
    ],
    [
      { MessageStatus: 'undelivered', ErrorCode: '30005' },
      { kind: 'bounced', message: expect.stringContaining('30005') },
    ],
    [
      { MessageStatus: 'failed', ErrorCode: 'x' },
      { kind: 'failed', message: expect.any(String) },
    ],
    [{ MessageStatus: 'canceled' }, { kind: 'failed', message: expect.any(String) }],
  ])('%j → %j', (fields, told) => {
    expect(parse(receipt(fields))).toEqual({
      kind: 'receipts',
      receipts: [{ key: `${callback.MessageSid}:${fields.MessageStatus}`, ...id, ...told }],
    });
  });

  it.each(['21610', '63014', '63033'])(
    'a message that %s stopped has failed, and its recipient unsubscribed',
    (ErrorCode) => {
      const key = `${callback.MessageSid}:failed`;
      const message = expect.stringContaining(ErrorCode);
      expect(parse(receipt({ MessageStatus: 'failed', ErrorCode }))).toEqual({
        kind: 'receipts',
        receipts: [
          { key, ...id, kind: 'failed', message },
          { key: `${key}:unsubscribed`, ...id, kind: 'unsubscribed', message },
        ],
      });
    },
  );

  it.each(['queued', 'accepted', 'sending', 'sent', 'scheduled'])(
    'takes %s for a step on the way',
    (MessageStatus) => {
      expect(parse(receipt({ MessageStatus }))).toEqual({ kind: 'receipts', receipts: [] });
    },
  );

  it.each([
    [{ CallStatus: 'completed', CallDuration: '21' }, { kind: 'delivered' }],
    [
      { CallStatus: 'busy', SipResponseCode: '486' },
      { kind: 'failed', message: expect.stringMatching(/busy/) },
    ],
    [{ CallStatus: 'no-answer' }, { kind: 'failed', message: expect.stringMatching(/nobody answered/) }],
    [{ CallStatus: 'canceled' }, { kind: 'failed', message: expect.stringMatching(/canceled/) }],
    [{ CallStatus: 'failed' }, { kind: 'failed', message: 'Twilio could not put the call through.' }],
    [
      { CallStatus: 'failed', ErrorCode: '21217' },
      { kind: 'bounced', message: expect.stringContaining('21217') },
    ],
  ])('a call with %j → %j', (fields, told) => {
    expect(parse(callEnded(fields))).toEqual({
      kind: 'receipts',
      receipts: [
        { key: `${call.CallSid}:${fields.CallStatus}`, ...id, providerMessageId: call.CallSid, ...told },
      ],
    });
  });

  it.each(['queued', 'initiated', 'ringing', 'in-progress'])(
    'takes a call that is %s for a step',
    (CallStatus) => {
      expect(parse(callEnded({ CallStatus }))).toEqual({ kind: 'receipts', receipts: [] });
    },
  );

  it('believes nobody else what became of a call', () => {
    const told = callEnded({ CallStatus: 'no-answer' });
    const body = Buffer.from(told.body.toString().replace('no-answer', 'completed'));
    expect(parse({ ...told, body }).kind).toBe('unauthorized');
    expect(parse(callEnded({ CallStatus: '' })).kind).toBe('malformed');
  });

  it('knows WhatsApp numbers by the number', () => {
    expect(parse(receipt({ To: 'whatsapp:+15558675310' }))).toMatchObject({ receipts: [id] });
  });

  it('takes signatures with the port written out, and of the address that Twilio was given', () => {
    const signedUrl = 'https://herald.example:443/receipts/twilio?delivery=d-1';
    expect(parse(receipt({}, { signedUrl })).kind).toBe('receipts');
    const behindProxy = receipt({}, { url: 'http://10.0.0.7:4000/receipts/twilio?delivery=d-1' });
    expect(parse(behindProxy).kind).toBe('unauthorized');
    expect(parse(behindProxy, 'https://herald.example/receipts/twilio').kind).toBe('receipts');
  });

  it.each([
    ['another token', receipt({}, { token: 'b'.repeat(32) })],
    ['another address', receipt({}, { signedUrl: 'https://herald.example/receipts/other' })],
    ['another delivery', { ...receipt({}), url: new URL(called.replace('d-1', 'd-2')) }],
    ['no signature', { ...receipt({}), headers: {} }],
    ['half a signature', { ...receipt({}), headers: { 'x-twilio-signature': 'GvWf' } }],
    [
      'a changed body',
      {
        ...receipt({}),
        body: Buffer.from(new URLSearchParams({ ...callback, MessageStatus: 'failed' }).toString()),
      },
    ],
    ['no body', { ...receipt({}), body: Buffer.alloc(0) }],
  ])('refuses %s', (_what, raw) => expect(parse(raw).kind).toBe('unauthorized'));

  it.each([
    ['a message’s fields', receipt({ MessageSid: '' })],
    ['a status', receipt({ MessageStatus: '' })],
    ['the method', receipt({}, { method: 'GET' })],
  ])('does not understand a request without %s', (_what, raw) => expect(parse(raw).kind).toBe('malformed'));
});
