import { describe, expect, it } from 'vitest';
import { classifyWebhookAnswer } from './classify-answer.ts';

describe('classifyWebhookAnswer', () => {
  it.each([
    [{ status: 200 }, { kind: 'accepted' }],
    [{ status: 204 }, { kind: 'accepted' }],
    [{ status: 299 }, { kind: 'accepted' }],
    [{ status: 410 }, { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE' }],
    [{ status: 400 }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' }],
    [{ status: 401 }, { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED', about: 'recipient' }],
    [{ status: 403 }, { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED', about: 'recipient' }],
    [{ status: 404 }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' }],
    [{ status: 413 }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' }],
    [{ status: 422 }, { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' }],
    [{ status: 408 }, { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false }],
    [{ status: 425 }, { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false }],
    [
      { status: 425, retryAfterMs: 1_000 },
      { kind: 'rateLimited', retryAfterMs: 1_000 },
    ],
    [{ status: 429 }, { kind: 'rateLimited' }],
    [
      { status: 429, retryAfterMs: 60_000 },
      { kind: 'rateLimited', retryAfterMs: 60_000 },
    ],
    [
      { status: 503, retryAfterMs: 0 },
      { kind: 'rateLimited', retryAfterMs: 0 },
    ],
    [{ status: 503 }, { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false }],
    [{ status: 500 }, { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false }],
    [{ status: 502 }, { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: true }],
    [{ status: 504 }, { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: true }],
    [{ status: 599 }, { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false }],
    [{ status: 301 }, { kind: 'permanent', code: 'CHANNEL_UNEXPECTED_ANSWER' }],
    [{ status: 304 }, { kind: 'permanent', code: 'CHANNEL_UNEXPECTED_ANSWER' }],
  ] as const)('%j → %j', (answer, expected) => {
    const { message: _message, ...outcome } = { message: '', ...classifyWebhookAnswer(answer) };
    expect(outcome).toEqual(expected);
  });
});
