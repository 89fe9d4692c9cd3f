import { describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { twilioForm, twilioPart } from './message-form.ts';

const now = new Date('2030-01-01T00:00:00Z');
const senders = { from: '+15005550006', whatsappFrom: '+14155238886' };
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
const contentSid = `HX${'0'.repeat(32)}`;

function form(changes: Partial<OutgoingMessage>, part?: object, account: object = senders) {
  const made = twilioForm({ ...message, ...changes }, account, part && twilioPart.parse(part), now);
  return 'form' in made ? [...made.form] : made.wrong;
}

describe('twilioForm', () => {
  it('is text in an SMS', () => {
    expect(form({ url: 'https://a.example/' })).toEqual([
      ['To', '+491701234567'],
      ['From', '+15005550006'],
      ['Body', 'Paid\nOrder 7\nhttps://a.example/'],
    ]);
  });

  it('is a bold title, text and picture in WhatsApp', () => {
    expect(form({ channel: 'WHATSAPP', title: 'Pa\nid ', imageUrl: 'https://a.example/i.png' })).toEqual([
      ['To', 'whatsapp:+491701234567'],
      ['From', 'whatsapp:+14155238886'],
      ['Body', '*Pa id*\nOrder 7'],
      ['MediaUrl', 'https://a.example/i.png'],
    ]);
  });

  it('leaves a title with marks of WhatsApp’s own as it is', () => {
    expect(form({ channel: 'WHATSAPP', title: '5 * 3' })).toContainEqual(['Body', '5 * 3\nOrder 7']);
  });

  it('is a content template where one is named, and nothing else', () => {
    const part = {
      contentSid,
      contentVariables: { '1': 'Ada “A” 🎉' },
      mediaUrls: ['https://a.example/i.png'],
    };
    expect(form({ channel: 'WHATSAPP', imageUrl: 'https://a.example/j.png' }, part)).toEqual([
      ['To', 'whatsapp:+491701234567'],
      ['From', 'whatsapp:+14155238886'],
      ['ContentSid', contentSid],
      ['ContentVariables', '{"1":"Ada “A” 🎉"}'],
    ]);
  });

  it('sends pictures by MMS only where asked to: they cost more and do not work everywhere', () => {
    expect(form({ imageUrl: 'https://a.example/i.png' })).not.toContainEqual(
      expect.arrayContaining(['MediaUrl']),
    );
    const mediaUrls = ['https://a.example/1.png', 'https://a.example/2.png'];
    expect(form({ body: '', title: '' }, { mediaUrls })).toEqual([
      ['To', '+491701234567'],
      ['From', '+15005550006'],
      ...mediaUrls.map((url) => ['MediaUrl', url]),
    ]);
  });

  it('lets a messaging service choose the sender', () => {
    const account = { messagingServiceSid: 'MG1', receiptsUrl: 'https://h.example/receipts/twilio' };
    expect(form({}, undefined, account)).toEqual([
      ['To', '+491701234567'],
      ['MessagingServiceSid', 'MG1'],
      ['StatusCallback', 'https://h.example/receipts/twilio?delivery=d1'],
      ['Body', 'Paid\nOrder 7'],
    ]);
  });

  it.each([
    [59_999, '59'],
    [-1, '1'],
    [36_000_000, undefined],
  ])('of a message that expires in %d ms is valid for %s s', (ms, seconds) => {
    const expiresAt = new Date(now.getTime() + ms);
    const entries = form({ expiresAt });
    expect(new Map(entries as [string, string][]).get('ValidityPeriod')).toBe(seconds);
  });

  it.each([
    [{ channel: 'WHATSAPP' as const }, { from: '+15005550006' }, 'CHANNEL_MISCONFIGURED'],
    [{}, { whatsappFrom: '+15005550006' }, 'CHANNEL_MISCONFIGURED'],
    [{ body: 'x'.repeat(1_596) }, senders, 'CHANNEL_MESSAGE_TOO_LARGE'],
    [{ title: ' ', body: '' }, senders, 'CHANNEL_MESSAGE_REJECTED'],
  ])('there is none for %j of %j', (changes, account, code) => {
    expect(form(changes, undefined, account)).toMatchObject({ kind: 'permanent', code });
  });

  it('takes as much as Twilio does', () => {
    expect(form({ body: 'x'.repeat(1_595) })).toContainEqual(['Body', `Paid\n${'x'.repeat(1_595)}`]);
  });
});
