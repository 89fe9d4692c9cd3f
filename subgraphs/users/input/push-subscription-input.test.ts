import { createECDH, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { checkPushSubscription, checkUserAgent, type PushSubscription } from './push-subscription-input.ts';

const endpoint = 'https://push.example.com/send/1';
const p256dh = createECDH('prime256v1').generateKeys().toString('base64url');
const auth = randomBytes(16).toString('base64url');

describe('checkPushSubscription', () => {
  it('takes what a browser gives', () => {
    const subscription = { endpoint, keys: { p256dh, auth } };
    expect(checkPushSubscription({ ...subscription })).toEqual(subscription);
  });

  it.each<[string, PushSubscription, string]>([
    ['an endpoint by http', { endpoint: 'http://push.example.com/1', keys: { p256dh, auth } }, 'endpoint'],
    ['a key too short', { endpoint, keys: { p256dh: p256dh.slice(0, -4), auth } }, 'keys.p256dh'],
    [
      'a key off the curve',
      { endpoint, keys: { p256dh: Buffer.alloc(65, 4).toString('base64url'), auth } },
      'keys.p256dh',
    ],
    ['a key that is no base64url', { endpoint, keys: { p256dh: '!', auth } }, 'keys.p256dh'],
    ['an auth secret too long', { endpoint, keys: { p256dh, auth: `${auth}AA` } }, 'keys.auth'],
    ['an empty auth secret', { endpoint, keys: { p256dh, auth: '' } }, 'keys.auth'],
  ])('refuses %s', (_, subscription, field) => {
    expect(() => checkPushSubscription(subscription)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', field: `subscription.${field}` }),
    );
  });
});

describe('checkUserAgent', () => {
  it('bounds it', () => {
    expect(checkUserAgent('Mozilla/5.0')).toBe('Mozilla/5.0');
    for (const bad of ['', 'a\nb', 'x'.repeat(513)])
      expect(() => checkUserAgent(bad)).toThrow(expect.objectContaining({ field: 'userAgent' }));
  });
});
