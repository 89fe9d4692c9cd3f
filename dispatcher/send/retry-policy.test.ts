import { describe, expect, it } from 'vitest';
import type { SendOutcome } from '../channels/contract.ts';
import {
  backoffMs,
  MAX_ASKED_WAIT_MS,
  MAX_RATE_LIMITED,
  nextAttemptAt,
  type RetryPolicy,
  verdict,
} from './retry-policy.ts';

const policy: RetryPolicy = { kind: 'exponential', attempts: 4, baseMs: 1_000, maxMs: 5_000 };
const fixed: RetryPolicy = { ...policy, kind: 'fixed' };

describe('backoffMs', () => {
  it.each([
    [policy, 1, 0, 500],
    [policy, 1, 0.999, 1_000],
    [policy, 2, 0, 1_000],
    [policy, 3, 0.5, 3_000],
    [policy, 4, 0, 2_500],
    [policy, 10, 0.999, 4_998],
    [policy, 2_000, 0, 2_500],
    [fixed, 1, 0, 900],
    [fixed, 1, 0.5, 1_000],
    [fixed, 40, 0.999, 1_100],
  ])('%o after failure %i with %f: %i ms', (by, failures, random, expected) => {
    expect(backoffMs(by, failures, random)).toBeCloseTo(expected, -1);
  });
});

const retryable: SendOutcome = {
  kind: 'retryable',
  code: 'CHANNEL_TIMEOUT',
  message: '',
  mayHaveSent: false,
};
const limited = (retryAfterMs?: number): SendOutcome => ({
  kind: 'rateLimited',
  message: '',
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});
const failures = (others: number) => ({ others, rateLimited: 0 });
const waits = (rateLimited: number, others = 0) => ({ others, rateLimited });

describe('verdict', () => {
  it.each<[string, SendOutcome, { others: number; rateLimited: number }, boolean, object]>([
    ['accepted', { kind: 'accepted' }, failures(1), false, { kind: 'sent' }],
    ['accepted at the last attempt', { kind: 'accepted' }, failures(4), false, { kind: 'sent' }],
    [
      'permanent',
      { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED', message: '' },
      failures(1),
      true,
      { kind: 'failed' },
    ],
    [
      'dead address',
      { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE', message: '' },
      failures(1),
      true,
      { kind: 'failed' },
    ],
    ['retryable', retryable, failures(1), false, { kind: 'retry', delayMs: 500 }],
    ['retryable, attempts used up', retryable, failures(4), false, { kind: 'failed' }],
    [
      'retryable, after answers that asked to wait',
      retryable,
      waits(9, 3),
      false,
      { kind: 'retry', delayMs: 2_000 },
    ],
    [
      'may have sent, provider not idempotent',
      { ...retryable, mayHaveSent: true },
      failures(1),
      false,
      { kind: 'failed' },
    ],
    [
      'may have sent, provider idempotent',
      { ...retryable, mayHaveSent: true },
      failures(1),
      true,
      { kind: 'retry', delayMs: 500 },
    ],
    ['asked to wait, no hint', limited(), waits(2), false, { kind: 'retry', delayMs: 1_000 }],
    [
      'asked to wait beyond the ceiling',
      limited(60_000),
      waits(1),
      false,
      { kind: 'retry', delayMs: 60_000 },
    ],
    [
      'asked to wait for a day',
      limited(86_400_000),
      waits(1),
      false,
      { kind: 'retry', delayMs: MAX_ASKED_WAIT_MS },
    ],
    ['asked to wait less than the backoff', limited(1), waits(1), false, { kind: 'retry', delayMs: 500 }],
    [
      'asked to wait more often than there are attempts',
      limited(1),
      waits(4, 3),
      false,
      { kind: 'retry', delayMs: 2_500 },
    ],
    ['asked to wait for ever', limited(1), waits(MAX_RATE_LIMITED), false, { kind: 'failed' }],
  ])('%s', (_what, outcome, counts, idempotent, expected) => {
    expect(verdict(outcome, counts, policy, idempotent, 0)).toEqual(expected);
  });

  it('draws a little on top of what was asked for', () => {
    expect(verdict(limited(60_000), waits(1), policy, false, 0.5)).toEqual({
      kind: 'retry',
      delayMs: 63_000,
    });
  });
});

describe('nextAttemptAt', () => {
  it.each([
    ['no expiry', 1_000, undefined, 11_000],
    ['expires later', 1_000, 20_000, 11_000],
    ['expires before', 1_000, 5_000, 5_000],
    ['has expired', 10_000, 5_000, 10_000],
  ])('%s', (_what, now, expiresAt, expected) => {
    const expiry = expiresAt === undefined ? undefined : new Date(expiresAt);
    expect(nextAttemptAt(now, 10_000, expiry).getTime()).toBe(expected);
  });
});
