import { describe, expect, it } from 'vitest';
import type { SendOutcome } from '../channels/contract.ts';
import { backoffMs, verdict } from './retry-policy.ts';

const policy = { maxAttempts: 4, baseMs: 1_000, maxMs: 5_000 };

describe('backoffMs', () => {
  it.each([
    [1, 0, 500],
    [1, 0.999, 1_000],
    [2, 0, 1_000],
    [3, 0.5, 3_000],
    [4, 0, 2_500],
    [10, 0.999, 4_998],
    [2_000, 0, 2_500],
  ])('after attempt %i with %f: %i ms', (attempt, random, expected) => {
    expect(backoffMs(policy, attempt, random)).toBeCloseTo(expected, -1);
  });
});

const retryable: SendOutcome = {
  kind: 'retryable',
  code: 'CHANNEL_TIMEOUT',
  message: '',
  mayHaveSent: false,
};

describe('verdict', () => {
  it.each<[string, SendOutcome, number, boolean, object]>([
    ['accepted', { kind: 'accepted' }, 1, false, { kind: 'sent' }],
    ['accepted at the last attempt', { kind: 'accepted' }, 4, false, { kind: 'sent' }],
    [
      'permanent',
      { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED', message: '' },
      1,
      true,
      { kind: 'failed' },
    ],
    [
      'dead address',
      { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE', message: '' },
      1,
      true,
      { kind: 'failed' },
    ],
    ['retryable', retryable, 1, false, { kind: 'retry', delayMs: 500 }],
    ['retryable, attempts used up', retryable, 4, false, { kind: 'failed' }],
    [
      'may have sent, provider not idempotent',
      { ...retryable, mayHaveSent: true },
      1,
      false,
      { kind: 'failed' },
    ],
    [
      'may have sent, provider idempotent',
      { ...retryable, mayHaveSent: true },
      1,
      true,
      { kind: 'retry', delayMs: 500 },
    ],
    [
      'rate limited, no hint',
      { kind: 'rateLimited', message: '' },
      2,
      false,
      { kind: 'retry', delayMs: 1_000 },
    ],
    [
      'rate limited, hint beyond the ceiling',
      { kind: 'rateLimited', message: '', retryAfterMs: 60_000 },
      1,
      false,
      { kind: 'retry', delayMs: 60_000 },
    ],
    [
      'rate limited, hint below the backoff',
      { kind: 'rateLimited', message: '', retryAfterMs: 1 },
      1,
      false,
      { kind: 'retry', delayMs: 500 },
    ],
    [
      'rate limited, attempts used up',
      { kind: 'rateLimited', message: '', retryAfterMs: 1 },
      4,
      false,
      { kind: 'failed' },
    ],
  ])('%s', (_what, outcome, attempt, idempotent, expected) => {
    expect(verdict(outcome, attempt, policy, idempotent, 0)).toEqual(expected);
  });
});
