/** When the next attempt is made, if any. Pure. */
import type { SendOutcome } from '../channels/contract.ts';

export interface RetryPolicy {
  /** Attempts in all. */
  readonly maxAttempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Exponential backoff with equal jitter: half of the delay is fixed, half is drawn, so that what failed
 * together does not come back together (AWS Architecture Blog, "Exponential Backoff And Jitter").
 * @param attempt attempts made so far, at least 1.
 * @param random in [0, 1).
 */
export function backoffMs(policy: RetryPolicy, attempt: number, random: number): number {
  const full = Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1));
  return Math.round(full / 2 + (full / 2) * random);
}

export type Verdict =
  | { readonly kind: 'sent' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'retry'; readonly delayMs: number };

/**
 * @param attempt attempts made, this one included.
 * @param idempotent the provider drops a second message with the same key, so that what may have been sent
 * can be sent again. Otherwise it is not: a person decides.
 */
export function verdict(
  outcome: SendOutcome,
  attempt: number,
  policy: RetryPolicy,
  idempotent: boolean,
  random: number,
): Verdict {
  if (outcome.kind === 'accepted') return { kind: 'sent' };
  if (outcome.kind === 'permanent' || outcome.kind === 'invalidRecipient') return { kind: 'failed' };
  if (attempt >= policy.maxAttempts) return { kind: 'failed' };
  if (outcome.kind === 'rateLimited') {
    const backoff = backoffMs(policy, attempt, random);
    return { kind: 'retry', delayMs: Math.max(outcome.retryAfterMs ?? 0, backoff) };
  }
  if (outcome.mayHaveSent && !idempotent) return { kind: 'failed' };
  return { kind: 'retry', delayMs: backoffMs(policy, attempt, random) };
}
