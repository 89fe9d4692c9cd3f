import { describe, expect, it } from 'vitest';
import { classifyFcmRefusal, type FcmRefusal, readFcmError, refusesAccessToken } from './classify-answer.ts';

const invalidAddress = { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_INVALID' };
const rejected = { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' };
const tooLarge = { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' };
const unauthorized = { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED' };
const unavailable = { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false };

const ROWS: readonly (readonly [FcmRefusal, object])[] = [
  [
    { code: 'registration-token-not-registered', status: 404, fcmCode: 'UNREGISTERED' },
    { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE' },
  ],
  [
    { code: 'installation-id-not-registered', status: 404, fcmCode: 'UNREGISTERED_FID' },
    { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE' },
  ],
  [
    { code: 'registration-token-not-registered', status: 404 },
    { kind: 'permanent', code: 'CHANNEL_MISCONFIGURED' },
  ],
  [{ code: 'invalid-argument', status: 400, fcmCode: 'INVALID_ARGUMENT', invalid: 'token' }, invalidAddress],
  [{ code: 'invalid-registration-token', status: 400 }, invalidAddress],
  [{ code: 'invalid-argument', status: 400, fcmCode: 'INVALID_ARGUMENT', invalid: 'size' }, tooLarge],
  [{ code: 'payload-size-limit-exceeded', status: 400 }, tooLarge],
  [{ code: 'invalid-argument', status: 400, fcmCode: 'INVALID_ARGUMENT' }, rejected],
  [{ code: 'invalid-payload' }, rejected],
  [{ code: 'invalid-data-payload-key', status: 400 }, rejected],
  [{ code: 'invalid-options', status: 400 }, rejected],
  [{ code: 'invalid-package-name', status: 400 }, rejected],
  [{ code: 'invalid-recipient' }, rejected],
  [
    { code: 'mismatched-credential', status: 403, fcmCode: 'SENDER_ID_MISMATCH' },
    { ...unauthorized, about: 'recipient' },
  ],
  [{ code: 'mismatched-credential', status: 403 }, unauthorized],
  [
    { code: 'third-party-auth-error', status: 401, fcmCode: 'THIRD_PARTY_AUTH_ERROR' },
    { kind: 'permanent', code: 'CHANNEL_MISCONFIGURED', about: 'recipient' },
  ],
  [{ code: 'third-party-auth-error', status: 401 }, unauthorized],
  [{ code: 'authentication-error', status: 403 }, unauthorized],
  [
    { code: 'message-rate-exceeded', status: 429, fcmCode: 'QUOTA_EXCEEDED', retryAfterMs: 5_000 },
    { kind: 'rateLimited', retryAfterMs: 5_000 },
  ],
  [
    { code: 'message-rate-exceeded', status: 429, fcmCode: 'QUOTA_EXCEEDED' },
    { kind: 'rateLimited', retryAfterMs: 60_000 },
  ],
  [
    { code: 'message-rate-exceeded', status: 429, fcmCode: 'QUOTA_EXCEEDED', targetQuota: true },
    { kind: 'retryable', code: 'CHANNEL_RATE_LIMITED', mayHaveSent: false, about: 'recipient' },
  ],
  [
    { code: 'device-message-rate-exceeded', status: 200 },
    { kind: 'retryable', code: 'CHANNEL_RATE_LIMITED', mayHaveSent: false, about: 'recipient' },
  ],
  [
    { code: 'topics-message-rate-exceeded', status: 200 },
    { kind: 'retryable', code: 'CHANNEL_RATE_LIMITED', mayHaveSent: false, about: 'recipient' },
  ],
  [{ code: 'server-unavailable', status: 503, fcmCode: 'UNAVAILABLE' }, unavailable],
  [
    { code: 'unknown-error', status: 503, retryAfterMs: 7_000 },
    { kind: 'rateLimited', retryAfterMs: 7_000 },
  ],
  [{ code: 'internal-error', status: 500, fcmCode: 'INTERNAL' }, unavailable],
  [
    { code: 'unknown-error', status: 502 },
    { ...unavailable, mayHaveSent: true },
  ],
  [{ code: 'unknown-error', status: 405 }, rejected],
  [
    { code: 'unknown-error', status: 200 },
    { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER', mayHaveSent: true },
  ],
];

describe('classifyFcmRefusal', () => {
  it.each(ROWS)('%j → %j', (refusal, expected) => {
    const { message, ...outcome } = { message: '', ...classifyFcmRefusal(refusal) };
    expect(outcome).toEqual(expected);
    expect(message).toMatch(/\S\.$/);
  });

  it('has another access token tried only where the token is what was refused', () => {
    expect(refusesAccessToken({ code: 'third-party-auth-error', status: 401 })).toBe(true);
    expect(
      refusesAccessToken({ code: 'third-party-auth-error', status: 401, fcmCode: 'THIRD_PARTY_AUTH_ERROR' }),
    ).toBe(false);
    expect(refusesAccessToken({ code: 'mismatched-credential', status: 403 })).toBe(false);
  });
});

describe('readFcmError', () => {
  const fcmError = (errorCode: string) => ({
    '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError',
    errorCode,
  });
  const badRequest = (field: string) => ({
    '@type': 'type.googleapis.com/google.rpc.BadRequest',
    fieldViolations: [{ field, description: 'Invalid' }],
  });
  const error = (message: string, ...details: object[]) => ({ error: { code: 400, message, details } });

  it.each([
    // Both examples of https://firebase.google.com/docs/cloud-messaging/error-codes.
    [error("Invalid value at 'message.data[0].value'", badRequest('message.data[0].value')), {}],
    [
      error('The registration token is not a valid FCM registration token', fcmError('INVALID_ARGUMENT')),
      { fcmCode: 'INVALID_ARGUMENT', invalid: 'token' },
    ],
    [
      error(
        'Request contains an invalid argument.',
        fcmError('INVALID_ARGUMENT'),
        badRequest('message.token'),
      ),
      { fcmCode: 'INVALID_ARGUMENT', invalid: 'token' },
    ],
    [
      error('Android message is too big', fcmError('INVALID_ARGUMENT')),
      { fcmCode: 'INVALID_ARGUMENT', invalid: 'size' },
    ],
    [error('Requested entity was not found.', fcmError('UNREGISTERED')), { fcmCode: 'UNREGISTERED' }],
    [
      error('Quota exceeded', fcmError('QUOTA_EXCEEDED'), {
        '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
        violations: [{ subject: 'device', description: 'Device message rate exceeded' }],
      }),
      { fcmCode: 'QUOTA_EXCEEDED', targetQuota: true },
    ],
    [
      error('Quota exceeded', fcmError('QUOTA_EXCEEDED'), { violations: [{ subject: 'project:1' }] }),
      { fcmCode: 'QUOTA_EXCEEDED' },
    ],
    [{ error: { code: 404, status: 'NOT_FOUND' } }, {}],
    [{ error: { details: [{ errorCode: 'NOT_OF_FCM' }] } }, {}],
    [error('x', fcmError('says secrets')), {}],
    ['<html>', {}],
    [undefined, {}],
  ])('%j → %j', (body, expected) => expect(readFcmError(body)).toEqual(expected));
});
