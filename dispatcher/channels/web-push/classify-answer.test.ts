import { describe, expect, it } from 'vitest';
import { classifyPushAnswer } from './classify-answer.ts';

describe('classifyPushAnswer', () => {
  it.each([
    [
      { status: 201, location: 'https://push.example/m/1' },
      { kind: 'accepted', providerMessageId: 'https://push.example/m/1' },
    ],
    [{ status: 201, location: 'x'.repeat(1_001) }, { kind: 'accepted' }],
    [{ status: 200 }, { kind: 'accepted' }],
    [{ status: 202 }, { kind: 'accepted' }],
    [{ status: 404 }, { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE' }],
    [{ status: 410 }, { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE' }],
    [{ status: 400 }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' }],
    [{ status: 401 }, { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED', about: 'recipient' }],
    [{ status: 403 }, { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED', about: 'recipient' }],
    [{ status: 405 }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' }],
    [{ status: 413 }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' }],
    [
      { status: 429, retryAfterMs: 5_000 },
      { kind: 'rateLimited', retryAfterMs: 5_000 },
    ],
    [{ status: 429 }, { kind: 'rateLimited' }],
    [{ status: 406 }, { kind: 'rateLimited' }],
    [
      { status: 406, retryAfterMs: 9_000 },
      { kind: 'rateLimited', retryAfterMs: 9_000 },
    ],
    [
      { status: 503, retryAfterMs: 0 },
      { kind: 'rateLimited', retryAfterMs: 0 },
    ],
    [{ status: 408 }, { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false }],
    [{ status: 425 }, { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false }],
    [{ status: 500 }, { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false }],
    [{ status: 502 }, { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: true }],
    [{ status: 504 }, { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: true }],
    [
      { status: 301, location: '/elsewhere' },
      { kind: 'permanent', code: 'CHANNEL_UNEXPECTED_ANSWER' },
    ],
    [{ status: 103 }, { kind: 'permanent', code: 'CHANNEL_UNEXPECTED_ANSWER' }],
  ] as const)('%j → %j', (answer, expected) => {
    const { message: _message, ...outcome } = { message: '', ...classifyPushAnswer(answer) };
    expect(outcome).toEqual(expected);
  });
});
