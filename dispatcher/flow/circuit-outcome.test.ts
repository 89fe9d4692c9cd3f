import { describe, expect, it } from 'vitest';
import type { SendOutcome } from '../channels/contract.ts';
import { signOf } from './circuit-outcome.ts';

const retryable = (
  code: 'CHANNEL_TIMEOUT' | 'CHANNEL_PROVIDER_UNAVAILABLE' | 'CHANNEL_CONNECTION_FAILED' | 'CHANNEL_INTERNAL',
) => ({ kind: 'retryable', code, message: '', mayHaveSent: false }) as const;
const permanent = (
  code:
    | 'CHANNEL_UNAUTHORIZED'
    | 'CHANNEL_MISCONFIGURED'
    | 'CHANNEL_MESSAGE_REJECTED'
    | 'CHANNEL_MESSAGE_TOO_LARGE'
    | 'CHANNEL_ADDRESS_NOT_ALLOWED',
) => ({ kind: 'permanent', code, message: '' }) as const;

describe('signOf', () => {
  it.each<[string, SendOutcome, object]>([
    ['accepted', { kind: 'accepted' }, { sign: 'ok', pauseMs: 0 }],
    ['no answer in time', retryable('CHANNEL_TIMEOUT'), { sign: 'failed', pauseMs: 0, weight: 2 }],
    ['5xx', retryable('CHANNEL_PROVIDER_UNAVAILABLE'), { sign: 'failed', pauseMs: 0 }],
    ['no connection', retryable('CHANNEL_CONNECTION_FAILED'), { sign: 'failed', pauseMs: 0 }],
    ['a fault of our own', retryable('CHANNEL_INTERNAL'), { sign: 'none', pauseMs: 0 }],
    [
      'a mailbox that is busy',
      { ...retryable('CHANNEL_PROVIDER_UNAVAILABLE'), about: 'recipient' },
      { sign: 'ok', pauseMs: 0 },
    ],
    ['wrong credentials', permanent('CHANNEL_UNAUTHORIZED'), { sign: 'failed', pauseMs: 0 }],
    [
      'credentials that this recipient does not take',
      { ...permanent('CHANNEL_UNAUTHORIZED'), about: 'recipient' },
      { sign: 'ok', pauseMs: 0 },
    ],
    ['wrong sender', permanent('CHANNEL_MISCONFIGURED'), { sign: 'failed', pauseMs: 0 }],
    ['refused message', permanent('CHANNEL_MESSAGE_REJECTED'), { sign: 'ok', pauseMs: 0 }],
    ['large message', permanent('CHANNEL_MESSAGE_TOO_LARGE'), { sign: 'ok', pauseMs: 0 }],
    [
      'an address that was never asked',
      permanent('CHANNEL_ADDRESS_NOT_ALLOWED'),
      { sign: 'none', pauseMs: 0 },
    ],
    [
      'dead address',
      { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE', message: '' },
      { sign: 'ok', pauseMs: 0 },
    ],
    [
      'asks to wait',
      { kind: 'rateLimited', message: '', retryAfterMs: 7_000 },
      { sign: 'ok', pauseMs: 7_000 },
    ],
    ['asks to wait a little', { kind: 'rateLimited', message: '' }, { sign: 'ok', pauseMs: 1_000 }],
  ])('%s', (_what, outcome, expected) => {
    expect(signOf(outcome)).toEqual(expected);
  });
});
