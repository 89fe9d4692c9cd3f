import { describe, expect, it } from 'vitest';
import {
  type ApnsAnswer,
  classifyApnsAnswer,
  reasonOf,
  refusesToken,
  takesCredentials,
} from './classify-answer.ts';

const rejected = { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' };
const misconfigured = { kind: 'permanent', code: 'CHANNEL_MISCONFIGURED' };
const unauthorized = { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' };
const invalid = { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_INVALID' };
const gone = { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE' };
const unavailable = { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false };

/** Every error string of Apple's table. */
const ROWS: readonly (readonly [ApnsAnswer, object])[] = [
  [
    { status: 200, id: 'u1' },
    { kind: 'accepted', providerMessageId: 'u1' },
  ],
  [{ status: 200 }, { kind: 'accepted' }],
  [{ status: 400, reason: 'BadCollapseId' }, rejected],
  [{ status: 400, reason: 'BadDeviceToken' }, invalid],
  [{ status: 400, reason: 'BadExpirationDate' }, rejected],
  [{ status: 400, reason: 'BadMessageId' }, rejected],
  [{ status: 400, reason: 'BadPriority' }, rejected],
  [{ status: 400, reason: 'BadTopic' }, misconfigured],
  [
    { status: 400, reason: 'DeviceTokenNotForTopic' },
    { ...misconfigured, about: 'recipient' },
  ],
  [{ status: 400, reason: 'DuplicateHeaders' }, rejected],
  [{ status: 400, reason: 'IdleTimeout' }, unavailable],
  [{ status: 400, reason: 'InvalidPushType' }, rejected],
  [{ status: 400, reason: 'MissingDeviceToken' }, invalid],
  [{ status: 400, reason: 'MissingTopic' }, misconfigured],
  [{ status: 400, reason: 'PayloadEmpty' }, rejected],
  [{ status: 400, reason: 'TopicDisallowed' }, misconfigured],
  [{ status: 403, reason: 'BadCertificate' }, unauthorized],
  [{ status: 403, reason: 'BadCertificateEnvironment' }, unauthorized],
  [{ status: 403, reason: 'ExpiredProviderToken' }, unauthorized],
  [{ status: 403, reason: 'Forbidden' }, unauthorized],
  [{ status: 403, reason: 'InvalidProviderToken' }, unauthorized],
  [{ status: 403, reason: 'MissingProviderToken' }, unauthorized],
  [{ status: 403, reason: 'UnrelatedKeyIdInToken' }, unauthorized],
  [{ status: 403, reason: 'BadEnvironmentKeyIdInToken' }, unauthorized],
  [{ status: 403, reason: 'BadEnvironmentKeyInToken' }, unauthorized],
  [{ status: 404, reason: 'BadPath' }, misconfigured],
  [{ status: 405, reason: 'MethodNotAllowed' }, misconfigured],
  [{ status: 410, reason: 'ExpiredToken' }, gone],
  [{ status: 410, reason: 'Unregistered' }, gone],
  [
    { status: 413, reason: 'PayloadTooLarge' },
    { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' },
  ],
  [{ status: 429, reason: 'TooManyProviderTokenUpdates' }, { kind: 'rateLimited' }],
  [
    { status: 429, reason: 'TooManyProviderTokenUpdates', retryAfterMs: 9_000 },
    { kind: 'rateLimited', retryAfterMs: 9_000 },
  ],
  [
    { status: 429, reason: 'TooManyRequests' },
    { kind: 'retryable', code: 'CHANNEL_RATE_LIMITED', mayHaveSent: false, about: 'recipient' },
  ],
  [{ status: 500, reason: 'InternalServerError' }, unavailable],
  [{ status: 503, reason: 'ServiceUnavailable' }, unavailable],
  [
    { status: 503, reason: 'ServiceUnavailable', retryAfterMs: 5_000 },
    { kind: 'rateLimited', retryAfterMs: 5_000 },
  ],
  [{ status: 503, reason: 'Shutdown' }, unavailable],
  // Without a reason, and with one that is new.
  [{ status: 410 }, gone],
  [{ status: 403 }, unauthorized],
  [{ status: 413 }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' }],
  [{ status: 429 }, { kind: 'rateLimited' }],
  [{ status: 400, reason: 'SomethingNew' }, rejected],
  [{ status: 502 }, { ...unavailable, mayHaveSent: true }],
  [{ status: 302 }, { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER', mayHaveSent: true }],
];

describe('classifyApnsAnswer', () => {
  it.each(ROWS)('%j → %j', (answer, expected) => {
    const { message: _message, ...outcome } = { message: '', ...classifyApnsAnswer(answer) };
    expect(outcome).toEqual(expected);
  });

  it('has another token tried only where the token is too old', () => {
    expect(refusesToken({ status: 403, reason: 'ExpiredProviderToken' })).toBe(true);
    expect(refusesToken({ status: 403, reason: 'InvalidProviderToken' })).toBe(false);
    expect(refusesToken({ status: 200 })).toBe(false);
  });

  it.each([
    [{ status: 400, reason: 'BadDeviceToken' }, true],
    [{ status: 410, reason: 'Unregistered' }, true],
    [{ status: 403, reason: 'InvalidProviderToken' }, false],
    [{ status: 400, reason: 'TopicDisallowed' }, false],
    [{ status: 500 }, false],
  ])('%j: takes the credentials: %s', (answer, expected) => expect(takesCredentials(answer)).toBe(expected));
});

describe('reasonOf', () => {
  it.each([
    ['{"reason":"BadDeviceToken"}', 'BadDeviceToken'],
    ['{"reason":"Unregistered","timestamp":1454402113}', 'Unregistered'],
    ['{"reason":"has secrets: abc"}', undefined],
    ['<html>', undefined],
    ['', undefined],
  ])('%s → %s', (text, reason) => expect(reasonOf(text)).toBe(reason));
});
