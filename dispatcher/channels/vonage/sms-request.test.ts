import { describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { smsRequest } from './sms-request.ts';

const now = new Date('2030-01-01T00:00:00Z');
const message: OutgoingMessage = {
  workspace: 'default',
  channel: 'SMS',
  address: '+491701234567',
  notification: 'n1',
  delivery: 'd1',
  priority: 'HIGH',
  locale: 'de',
  title: 'Paid',
  body: 'Order 7',
};
const request = (changes: Partial<OutgoingMessage>, account: object = {}, part?: object) =>
  smsRequest({ ...message, ...changes }, { from: 'Herald', ...account }, part, now);
const base = {
  message_type: 'text',
  channel: 'sms',
  to: '491701234567',
  from: 'Herald',
  text: 'Paid\nOrder 7',
  client_ref: 'd1',
};

describe('smsRequest', () => {
  it.each([
    [{}, {}, undefined, {}],
    [{ url: 'https://a.example/' }, {}, undefined, { text: 'Paid\nOrder 7\nhttps://a.example/' }],
    [{}, { from: '+4915100000000' }, undefined, { from: '4915100000000' }],
    [
      {},
      { receiptsUrl: 'https://h.example/receipts/vonage' },
      undefined,
      { webhook_url: 'https://h.example/receipts/vonage', webhook_version: 'v1' },
    ],
    [{ expiresAt: new Date(now.getTime() + 90_500) }, {}, undefined, { ttl: 90 }],
    [{ expiresAt: new Date(0) }, {}, undefined, { ttl: 20 }],
    [{ expiresAt: new Date('2030-01-05T00:00:00Z') }, {}, undefined, {}],
    [
      {},
      {},
      { encodingType: 'unicode', contentId: 'c', entityId: 'e' },
      { sms: { encoding_type: 'unicode', content_id: 'c', entity_id: 'e' } },
    ],
    [{ delivery: 'd'.repeat(101) }, {}, undefined, { client_ref: undefined }],
    [{ body: 'x'.repeat(995) }, {}, undefined, { text: `Paid\n${'x'.repeat(995)}` }],
  ])('of %j by %j with %j has %j', (changes, account, part, expected) => {
    expect(request(changes, account, part)).toEqual({ request: { ...base, ...expected } });
  });

  it.each([
    [{ body: 'x'.repeat(996) }, 'CHANNEL_MESSAGE_TOO_LARGE'],
    [{ title: '', body: ' ' }, 'CHANNEL_MESSAGE_REJECTED'],
  ])('there is none for %j', (changes, code) => {
    expect(request(changes)).toMatchObject({ wrong: { kind: 'permanent', code } });
  });
});
