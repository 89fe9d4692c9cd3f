import { describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { fcmMessage, fcmPart } from './fcm-message.ts';
import { isFcmAddress, readFcmAddress } from './push-address.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const TOKEN = { token: 'a'.repeat(140) };

const message = (over: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  workspace: 'default',
  channel: 'MOBILE_PUSH',
  address: TOKEN.token,
  notification: 'n1',
  delivery: 'd1',
  priority: 'MEDIUM',
  locale: 'en',
  title: 'Title',
  body: 'Body',
  ...over,
});
const composed = (
  over: Partial<OutgoingMessage> = {},
  part: object = {},
  target: Parameters<typeof fcmMessage>[1] = TOKEN,
  key = 'key-1',
) => fcmMessage(message(over), target, fcmPart.parse(part), key, NOW);

describe('fcmMessage', () => {
  it('says the same to Android, iOS and browsers, each in its own way', () => {
    const tag = composed()?.android?.notification?.tag;
    expect(tag).toMatch(/^[\w-]{32}$/);
    expect(
      composed({
        priority: 'HIGH',
        url: 'https://a.example/orders/7',
        imageUrl: 'https://a.example/i.png',
        expiresAt: new Date('2026-01-01T00:01:30.500Z'),
        data: { order: 7, fcm: {}, apns: { badge: 1 } },
      }),
    ).toEqual({
      ...TOKEN,
      notification: { title: 'Title', body: 'Body', imageUrl: 'https://a.example/i.png' },
      data: {
        notification: 'n1',
        delivery: 'd1',
        url: 'https://a.example/orders/7',
        data: '{"order":7,"apns":{"badge":1}}',
      },
      android: {
        priority: 'high',
        ttl: 90_500,
        notification: { tag, priority: 'high', sound: 'default' },
      },
      apns: {
        headers: {
          'apns-push-type': 'alert',
          'apns-priority': '10',
          'apns-expiration': '1767225690',
          'apns-collapse-id': tag,
        },
        payload: { aps: { sound: 'default', mutableContent: true } },
        fcmOptions: { imageUrl: 'https://a.example/i.png' },
      },
      webpush: {
        headers: { Urgency: 'high', Topic: tag, TTL: '90' },
        notification: { tag },
        fcmOptions: { link: 'https://a.example/orders/7' },
      },
    });
  });

  it.each([
    ['HIGH', 'high', 'high', '10', 'high', 'default'],
    ['MEDIUM', 'high', 'default', '10', 'normal', 'default'],
    ['LOW', 'normal', 'low', '5', 'low', undefined],
  ] as const)('priority %s', (priority, android, attention, apns, urgency, sound) => {
    const sent = composed({ priority });
    expect(sent?.android?.priority).toBe(android);
    expect(sent?.android?.notification?.priority).toBe(attention);
    expect(sent?.android?.notification?.sound).toBe(sound);
    expect(sent?.apns?.headers?.['apns-priority']).toBe(apns);
    expect(sent?.apns?.payload?.aps.sound).toBe(sound);
    expect(sent?.webpush?.headers?.Urgency).toBe(urgency);
  });

  it.each([
    [undefined, undefined, undefined, undefined],
    ['2025-12-31T00:00:00Z', 0, '0', '0'],
    ['2026-01-01T01:00:00Z', 3_600_000, '1767229200', '3600'],
    ['2030-01-01T00:00:00Z', 2_419_200_000, '1769644800', '2419200'],
  ])('until %s: %s ms', (until, ttl, expiration, seconds) => {
    const sent = composed(until === undefined ? {} : { expiresAt: new Date(until) });
    expect(sent?.android?.ttl).toBe(ttl);
    expect(sent?.apns?.headers?.['apns-expiration']).toBe(expiration);
    expect(sent?.webpush?.headers?.TTL).toBe(seconds);
  });

  it('takes what the caller says for FCM', () => {
    const sent = composed(
      {},
      {
        data: { screen: 'order' },
        collapseKey: 'score of the game: 7',
        android: {
          channelId: 'orders',
          icon: 'bell',
          color: '#ff8800',
          clickAction: 'OPEN',
          sound: 'bell.mp3',
          restrictedPackageName: 'example.app',
        },
        apns: { sound: 'bell.caf', badge: 3, category: 'ORDER', threadId: 't', interruptionLevel: 'passive' },
        webpush: { icon: 'https://a.example/icon.png', badge: 'https://a.example/b.png' },
        analyticsLabel: 'orders',
      },
    );
    expect(sent?.data).toEqual({ screen: 'order', notification: 'n1', delivery: 'd1' });
    expect(sent?.android).toMatchObject({
      collapseKey: 'score of the game: 7',
      restrictedPackageName: 'example.app',
      notification: {
        channelId: 'orders',
        icon: 'bell',
        color: '#ff8800',
        clickAction: 'OPEN',
        sound: 'bell.mp3',
      },
    });
    expect(sent?.apns?.headers?.['apns-collapse-id']).toBe('score of the game: 7');
    expect(sent?.apns?.payload?.aps).toEqual({
      sound: 'bell.caf',
      badge: 3,
      category: 'ORDER',
      threadId: 't',
      'interruption-level': 'passive',
    });
    // A Topic of RFC 8030 takes 32 characters of base64url.
    expect(sent?.webpush?.headers?.Topic).toMatch(/^[\w-]{32}$/);
    expect(composed({}, { collapseKey: 'score-7' })?.webpush?.headers?.Topic).toBe('score-7');
    expect(sent?.webpush?.notification).toMatchObject({
      icon: 'https://a.example/icon.png',
      badge: 'https://a.example/b.png',
    });
    expect(sent?.fcmOptions).toEqual({ analyticsLabel: 'orders' });
  });

  it.each([
    { data: { from: 'x' } },
    { data: { google_key: 'x' } },
    { data: { n: 7 } },
    { android: { color: 'red' } },
    { apns: { badge: -1 } },
    { collapseKey: '' },
    { unknown: true },
  ])('does not take %j for it', (part) => expect(fcmPart.safeParse(part).success).toBe(false));

  it('links browsers to https only, as FCM asks', () => {
    expect(composed({ url: 'http://a.example/' })?.webpush).not.toHaveProperty('fcmOptions');
    expect(composed({ url: 'http://a.example/' })?.data?.url).toBe('http://a.example/');
  });

  it('makes the same tag for each attempt at one delivery, and for no other', () => {
    const tagOf = (key: string) => composed({}, {}, TOKEN, key)?.android?.notification?.tag;
    expect(tagOf('a')).toBe(tagOf('a'));
    expect(tagOf('a')).not.toBe(tagOf('b'));
  });

  it('leaves the attached data out where it does not fit, and gives up on text that does not', () => {
    // Keys and values: notification: title, Title, body; data: notification, n1, delivery, d1.
    const fixed = 'titleTitlebodynotificationn1deliveryd1'.length;
    const fits = 'x'.repeat(4096 - fixed);
    expect(composed({ body: fits })).toBeDefined();
    expect(composed({ body: `${fits}x` })).toBeUndefined();
    expect(composed({ body: '好'.repeat(Math.ceil(fits.length / 3) + 1) })).toBeUndefined();
    expect(composed({ body: fits, data: { a: 1 } })?.data).not.toHaveProperty('data');
    expect(composed({ data: { a: 'x'.repeat(5_000) } })?.data).not.toHaveProperty('data');
    expect(composed({ data: { a: 1 } })?.data).toHaveProperty('data');
  });

  it('holds topics to half of it', () => {
    const body = 'x'.repeat(2_100);
    expect(composed({ body })).toBeDefined();
    expect(composed({ body }, {}, { topic: 'news' })).toBeUndefined();
    expect(composed({}, {}, { topic: 'news' })).toMatchObject({ topic: 'news' });
  });
});

describe('addresses', () => {
  const token = 'cXyZ0123456789abcdef:APA91bH-_x';
  it.each([
    [token, { token }],
    [`fcm:${token}`, { token }],
    ['topic:news', { topic: 'news' }],
    ['topic:orders.de~50%', { topic: 'orders.de~50%' }],
    ['topic:', undefined],
    ['topic:a b', undefined],
    ['fcm:', undefined],
    ['', undefined],
    ['short', undefined],
    [`${token}\r\n`, undefined],
    [`apns:${'a'.repeat(64)}`, undefined],
    ['arn:aws:sns:eu-central-1:1:endpoint/GCM/app/1', undefined],
  ])('%j → %j', (address, expected) => expect(readFcmAddress(address)).toEqual(expected));

  it('leaves those of other push services to them', () => {
    expect(isFcmAddress(token)).toBe(true);
    expect(isFcmAddress('topic:news')).toBe(true);
    expect(isFcmAddress(`apns:${'a'.repeat(64)}`)).toBe(false);
    expect(isFcmAddress('arn:aws:sns:eu-central-1:1:endpoint/GCM/app/1')).toBe(false);
  });
});
