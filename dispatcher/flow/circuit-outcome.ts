/** What the outcome of an attempt says about the provider, as opposed to the message or its recipient. Pure. */
import type { SendOutcome } from '../channels/contract.ts';
import { DEFAULT_ASKED_PAUSE_MS } from './circuit.ts';

export interface ProviderSign {
  /** `ok`: it answers. `failed`: it does not work. `none`: nothing can be told. */
  readonly sign: 'ok' | 'failed' | 'none';
  /** It asks to wait so long; 0 when it does not. */
  readonly pauseMs: number;
  /** Of a failure, among others; 1 without it. */
  readonly weight?: number;
}

/**
 * An attempt without an answer in time counts for two: each takes long, others hang meanwhile, and where there are no
 * idempotency keys nobody knows what became of its message.
 */
const UNANSWERED_WEIGHT = 2;

export function signOf(outcome: SendOutcome): ProviderSign {
  switch (outcome.kind) {
    case 'accepted':
    case 'invalidRecipient':
      return { sign: 'ok', pauseMs: 0 };
    case 'rateLimited':
      return { sign: 'ok', pauseMs: Math.max(1, outcome.retryAfterMs ?? DEFAULT_ASKED_PAUSE_MS) };
    case 'retryable':
      if (outcome.about === 'recipient') return { sign: 'ok', pauseMs: 0 };
      if (outcome.code === 'CHANNEL_TIMEOUT')
        return { sign: 'failed', pauseMs: 0, weight: UNANSWERED_WEIGHT };
      return { sign: outcome.code === 'CHANNEL_INTERNAL' ? 'none' : 'failed', pauseMs: 0 };
    case 'permanent':
      if (outcome.about === 'recipient') return { sign: 'ok', pauseMs: 0 };
      switch (outcome.code) {
        case 'CHANNEL_UNAUTHORIZED':
        case 'CHANNEL_MISCONFIGURED':
          return { sign: 'failed', pauseMs: 0 };
        case 'CHANNEL_MESSAGE_REJECTED':
        case 'CHANNEL_MESSAGE_TOO_LARGE':
          return { sign: 'ok', pauseMs: 0 };
        default:
          return { sign: 'none', pauseMs: 0 };
      }
  }
}
