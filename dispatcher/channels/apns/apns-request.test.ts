import { describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { apnsHeaders, apnsPart, apnsPayload, deviceTokenOf, isApnsAddress } from './apns-request.ts';

const NOW = new Date('2026-01-01T00:00:00Z');

const message = (over: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  workspace: 'default',
  channel: 'MOBILE_PUSH',
  address: 'apns:00',
  notification: 'n1',
  delivery: 'd1',
  priority: 'MEDIUM',
  locale: 'en',
  title: 'Title',
  body: 'Body',
  ...over,
});

describe('apnsHeaders', () => {
  const headers = (over: Partial<OutgoingMessage> = {}, part: object = {}, key = 'key-1') =>
    apnsHeaders(message(over), apnsPart.parse(part), 'example.app', key, NOW);

  it('are those of an alert', () => {
    expect(headers()).toEqual({
      'apns-topic': 'example.app',
      'apns-push-type': 'alert',
      'apns-priority': '10',
      'apns-collapse-id': expect.stringMatching(/^[\w-]{43}$/),
      'apns-id': expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
    });
  });

  it.each([
    ['HIGH', '10'],
    ['MEDIUM', '10'],
    ['LOW', '5'],
  ] as const)('priority %s is %s', (priority, expected) =>
    expect(headers({ priority })['apns-priority']).toBe(expected),
  );

  it.each([
    ['2026-01-01T00:01:30.900Z', '1767225690'],
    ['2026-01-01T00:00:00Z', '0'],
    ['2025-01-01T00:00:00Z', '0'],
  ])('until %s is expiration %s', (until, expected) =>
    expect(headers({ expiresAt: new Date(until) })['apns-expiration']).toBe(expected),
  );

  it('are the same for each attempt at one delivery, and for no other', () => {
    expect(headers({}, {}, 'a')).toEqual(headers({}, {}, 'a'));
    expect(headers({}, {}, 'a')['apns-id']).not.toBe(headers({}, {}, 'b')['apns-id']);
    expect(headers({}, {}, 'a')['apns-collapse-id']).not.toBe(headers({}, {}, 'b')['apns-collapse-id']);
  });

  it('take the caller’s collapse id', () =>
    expect(headers({}, { collapseId: 'game 7' })['apns-collapse-id']).toBe('game 7'));
});

describe('apnsPayload', () => {
  const payload = (over: Partial<OutgoingMessage> = {}, part: object = {}) => {
    const json = apnsPayload(message(over), apnsPart.parse(part));
    return json === undefined ? undefined : JSON.parse(json);
  };

  it('says what the message says', () => {
    expect(payload({ title: undefined })).toEqual({
      aps: { alert: { body: 'Body' }, sound: 'default' },
      notification: 'n1',
      delivery: 'd1',
    });
    expect(
      payload({
        priority: 'LOW',
        url: 'https://a.example/o/7',
        imageUrl: 'https://a.example/i.png',
        data: { order: 7, apns: { badge: 2 } },
      }),
    ).toEqual({
      aps: { alert: { title: 'Title', body: 'Body' }, 'mutable-content': 1 },
      notification: 'n1',
      delivery: 'd1',
      url: 'https://a.example/o/7',
      imageUrl: 'https://a.example/i.png',
      data: { order: 7 },
    });
  });

  it('takes what the caller says for APNs', () => {
    expect(
      payload(
        { priority: 'LOW' },
        {
          subtitle: 'Sub',
          sound: 'bell.caf',
          badge: 0,
          category: 'ORDER',
          threadId: 'orders',
          targetContentId: 'w1',
          interruptionLevel: 'time-sensitive',
          relevanceScore: 0.5,
          contentAvailable: true,
          mutableContent: true,
        },
      )?.aps,
    ).toEqual({
      alert: { title: 'Title', subtitle: 'Sub', body: 'Body' },
      sound: 'bell.caf',
      badge: 0,
      category: 'ORDER',
      'thread-id': 'orders',
      'target-content-id': 'w1',
      'interruption-level': 'time-sensitive',
      'relevance-score': 0.5,
      'content-available': 1,
      'mutable-content': 1,
    });
  });

  it.each([
    { badge: 1.5 },
    { interruptionLevel: 'loud' },
    { relevanceScore: 2 },
    { collapseId: 'x'.repeat(65) },
    { collapseId: 'a\r\nb' },
    { unknown: 1 },
  ])('does not take %j for it', (part) => expect(apnsPart.safeParse(part).success).toBe(false));

  it('leaves the attached data out where it does not fit, and gives up on text that does not', () => {
    const empty = Buffer.byteLength(apnsPayload(message({ body: '' }), {}) ?? '');
    const fits = 'x'.repeat(4096 - empty);
    expect(payload({ body: fits })?.aps.alert.body).toBe(fits);
    expect(payload({ body: `${fits}x` })).toBeUndefined();
    expect(payload({ body: fits, data: { a: 1 } })).not.toHaveProperty('data');
    expect(payload({ data: { a: 'x'.repeat(5_000) } })).not.toHaveProperty('data');
    expect(payload({ body: '好'.repeat(1_400) })).toBeUndefined();
  });
});

describe('addresses', () => {
  const hex = '0a1b'.repeat(16);
  it.each([
    [`apns:${hex}`, hex],
    [`APNS:${hex.toUpperCase()}`, hex],
    [`apns:${hex}${hex}`, `${hex}${hex}`],
    ['apns:', undefined],
    ['apns:0a1b', undefined],
    [`apns:${hex}0`, undefined],
    [`apns:${hex}\n`, undefined],
    [`apns:../${hex}`, undefined],
    [hex, undefined],
    [`fcm:${hex}`, undefined],
  ])('%j → %j', (address, expected) => expect(deviceTokenOf(address)).toBe(expected));

  it('leaves those of other push services to them', () => {
    expect(isApnsAddress(`apns:${hex}`)).toBe(true);
    expect(isApnsAddress(hex)).toBe(false);
    expect(isApnsAddress('topic:apns:x')).toBe(false);
  });
});
