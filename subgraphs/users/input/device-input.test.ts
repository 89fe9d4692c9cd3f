import { describe, expect, it } from 'vitest';
import { HeraldError } from '../../../platform/errors/herald-error.ts';
import { checkDevice, type DeviceInput, normalToken } from './device-input.ts';

const ARN = 'arn:aws:sns:eu-west-1:123456789012:endpoint/GCM/app/5e3e9847-3183-3f18-a7e8-671c3a57d4b3';

const fieldOf = (device: DeviceInput): unknown => {
  try {
    checkDevice(device);
  } catch (error) {
    if (error instanceof HeraldError) return `${error.code} ${error.field}`;
    throw error;
  }
  return undefined;
};

describe('checkDevice', () => {
  it.each(['dGhpcyBpcyBhIHRva2Vu:APA91b', 'fcm:dGhpcyBpcyBhIHRva2Vu', `apns:${'0fC1'.repeat(16)}`, ARN])(
    'takes %s',
    (token) =>
      expect(checkDevice({ token, platform: 'ANDROID', name: 'Pixel', model: null })).toEqual({
        token,
        platform: 'ANDROID',
        name: 'Pixel',
      }),
  );
  it.each<[string, Partial<DeviceInput>, string]>([
    ['nothing', { token: '' }, 'token'],
    ['a token with a space', { token: 'a b' }, 'token'],
    ['a token too long', { token: 'x'.repeat(4_097) }, 'token'],
    ['a topic', { token: 'topic:news' }, 'token'],
    ['a topic of SNS', { token: 'arn:aws:sns:eu-west-1:123456789012:news' }, 'token'],
    ['a prefix alone', { token: 'fcm:' }, 'token'],
    ['an APNs token that is not hexadecimal', { token: 'apns:xyz' }, 'token'],
    ['an empty name', { name: '' }, 'name'],
    ['a model with a line break', { model: 'a\nb' }, 'model'],
    ['a version too long', { appVersion: '1'.repeat(201) }, 'appVersion'],
  ])('refuses %s', (_, change, field) =>
    expect(fieldOf({ token: 'fcm:x', platform: 'IOS', ...change })).toBe(`BAD_USER_INPUT device.${field}`),
  );
});

it.each([
  ['fcm:abc:DEF', 'abc:DEF'],
  ['abc:DEF', 'abc:DEF'],
  ['apns:00FC', 'apns:00fc'],
  ['APNS:00fc', 'apns:00fc'],
  [ARN, ARN],
])('%s is written %s', (token, expected) => expect(normalToken(token)).toBe(expected));
