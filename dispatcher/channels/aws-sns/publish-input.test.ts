import { describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { isEndpointArn, publishInput, snsPart } from './publish-input.ts';

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
const arn = (platform: string) =>
  `arn:aws:sns:eu-central-1:123456789012:endpoint/${platform}/shop.app/5e3e9847-3183-3f18-a7e8-671c3a57d4b3`;
const string = (StringValue: string) => ({ DataType: 'String', StringValue });
const number = (StringValue: string) => ({ DataType: 'Number', StringValue });

const make = (changes: Partial<OutgoingMessage>, part?: object, account: object = {}) =>
  publishInput(
    { ...message, ...changes },
    { ...account, idempotencyKey: 'key-1', now },
    part && snsPart.parse(part),
  );
const push = (changes: Partial<OutgoingMessage> & { platform?: string } = {}, part?: object) => {
  const { platform = 'GCM', ...rest } = changes;
  const made = make({ channel: 'MOBILE_PUSH', address: arn(platform), ...rest }, part);
  if ('wrong' in made) throw new Error(JSON.stringify(made.wrong));
  const { Message, ...input } = made.input;
  const payloads = JSON.parse(Message) as Record<string, string>;
  const own = payloads[platform];
  return { ...input, payloads, own: own === undefined ? undefined : (JSON.parse(own) as unknown) };
};

describe('publishInput of an SMS', () => {
  it('is text and attributes', () => {
    const account = { senderId: 'Herald', originationNumber: '+4915100000000', maxPriceUsd: 0.25 };
    const part = { entityId: 'e', templateId: 't' };
    expect(make({ url: 'https://a.example/' }, part, account)).toEqual({
      input: {
        PhoneNumber: '+491701234567',
        Message: 'Paid\nOrder 7\nhttps://a.example/',
        MessageAttributes: {
          'AWS.SNS.SMS.SMSType': string('Transactional'),
          'AWS.SNS.SMS.SenderID': string('Herald'),
          'AWS.MM.SMS.OriginationNumber': string('+4915100000000'),
          'AWS.SNS.SMS.MaxPrice': number('0.25'),
          'AWS.MM.SMS.EntityId': string('e'),
          'AWS.MM.SMS.TemplateId': string('t'),
        },
      },
    });
  });

  it('may wait when it is of low priority', () => {
    expect(make({ priority: 'LOW' })).toMatchObject({
      input: { MessageAttributes: { 'AWS.SNS.SMS.SMSType': string('Promotional') } },
    });
  });

  it.each([
    [{ address: '491701234567' }, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [{ address: arn('GCM') }, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [{ body: 'x'.repeat(1_596) }, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [{ title: '', body: '' }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  ])('there is none for %j', (changes, kind, code) => {
    expect(make(changes)).toMatchObject({ wrong: { kind, code } });
  });
});

describe('publishInput of a push notification', () => {
  it('is FCM’s HTTP v1 message for Android', () => {
    const { payloads, own, ...input } = push(
      {
        url: 'https://a.example/',
        imageUrl: 'https://a.example/i.png',
        expiresAt: new Date(now.getTime() + 60_500),
      },
      { data: { order: '7' } },
    );
    expect(input).toEqual({ TargetArn: arn('GCM'), MessageStructure: 'json', MessageAttributes: {} });
    expect(Object.keys(payloads).sort()).toEqual(['GCM', 'default']);
    expect(payloads.default).toBe('Paid\nOrder 7');
    expect(own).toEqual({
      fcmV1Message: {
        message: {
          notification: { title: 'Paid', body: 'Order 7', image: 'https://a.example/i.png' },
          data: { order: '7', notification: 'n1', delivery: 'd1', url: 'https://a.example/' },
          android: {
            priority: 'HIGH',
            ttl: '60s',
            notification: { tag: expect.stringMatching(/^[\w-]{32}$/), sound: 'default' },
          },
        },
      },
    });
  });

  it.each(['APNS', 'APNS_SANDBOX'])('is an aps dictionary for %s', (platform) => {
    const { own, MessageAttributes } = push(
      {
        platform,
        url: 'https://a.example/',
        imageUrl: 'https://a.example/i.png',
        expiresAt: new Date(now.getTime() + 60_000),
      },
      { badge: 3, sound: 'coin.caf' },
    );
    expect(own).toEqual({
      aps: {
        alert: { title: 'Paid', body: 'Order 7' },
        sound: 'coin.caf',
        badge: 3,
        'mutable-content': 1,
      },
      notification: 'n1',
      delivery: 'd1',
      url: 'https://a.example/',
      imageUrl: 'https://a.example/i.png',
    });
    expect(MessageAttributes).toEqual({
      [`AWS.SNS.MOBILE.${platform}.TTL`]: number('60'),
      'AWS.SNS.MOBILE.APNS.PUSH_TYPE': string('alert'),
      'AWS.SNS.MOBILE.APNS.PRIORITY': number('10'),
      'AWS.SNS.MOBILE.APNS.COLLAPSE_ID': string(expect.stringMatching(/^[\w-]{32}$/) as string),
    });
  });

  it('is silent, and may wait, when it is of low priority', () => {
    expect(push({ priority: 'LOW' }).own).toMatchObject({
      fcmV1Message: {
        message: { android: { priority: 'NORMAL', notification: { tag: expect.any(String) } } },
      },
    });
    expect(JSON.stringify(push({ priority: 'LOW' }).own)).not.toContain('sound');
    expect(push({ priority: 'LOW', platform: 'APNS' }).MessageAttributes).toMatchObject({
      'AWS.SNS.MOBILE.APNS.PRIORITY': number('5'),
    });
  });

  it('is data for Amazon’s devices, and plain text for those of others', () => {
    expect(push({ platform: 'ADM' }).own).toEqual({
      data: { title: 'Paid', body: 'Order 7', notification: 'n1', delivery: 'd1' },
    });
    expect(push({ platform: 'WNS' }).payloads).toEqual({ default: 'Paid\nOrder 7' });
  });

  it.each([
    [-1, '1s'],
    [100 * 24 * 3_600_000, `${28 * 24 * 3_600}s`],
  ])('of a message that expires in %d ms lives %s', (ms, ttl) => {
    const { own } = push({ expiresAt: new Date(now.getTime() + ms) });
    expect(own).toMatchObject({ fcmV1Message: { message: { android: { ttl } } } });
  });

  it('keeps no halves of characters', () => {
    expect(push({ body: '\ud800 lone' }).payloads.default).toBe('Paid\n\ufffd lone');
  });

  it.each([
    [{ address: '+491701234567' }, 'invalidRecipient', 'CHANNEL_ADDRESS_INVALID'],
    [
      { address: 'arn:aws:sns:eu-central-1:123456789012:topic' },
      'invalidRecipient',
      'CHANNEL_ADDRESS_INVALID',
    ],
    [{ body: 'ü'.repeat(2_000) }, 'permanent', 'CHANNEL_MESSAGE_TOO_LARGE'],
    [{ title: '', body: '' }, 'permanent', 'CHANNEL_MESSAGE_REJECTED'],
  ])('there is none for %j', (changes, kind, code) => {
    expect(make({ channel: 'MOBILE_PUSH', address: arn('GCM'), ...changes })).toMatchObject({
      wrong: { kind, code },
    });
  });
});

describe('isEndpointArn', () => {
  it.each([
    [arn('APNS'), true],
    [arn('APNS_SANDBOX').replace('arn:aws:', 'arn:aws-cn:'), true],
    ['arn:aws:sns:eu-central-1:123456789012:app/GCM/shop', false],
    ['arn:aws:sns:eu-central-1:123456789012:topic', false],
    [`${arn('GCM')}\n`, false],
    ['fcm:token', false],
    ['', false],
  ])('%s → %s', (address, is) => expect(isEndpointArn(address)).toBe(is));
});
