/** When the next attempt is made, if any. Pure. */
import type { SendOutcome } from '../channels/contract.ts';

export interface RetryPolicy {
  /** `fixed`: `baseMs` each time. `exponential`: doubles from `baseMs` up to `maxMs`. Both with jitter. */
  readonly kind: 'fixed' | 'exponential';
  /** Attempts in all. */
  readonly attempts: number;
  readonly baseMs: number;
  readonly maxMs: number;
}

/** An answer that asks to wait is no failure; so many of them are. */
export const MAX_RATE_LIMITED = 25;

/** The longest wait that one answer can ask for: the account may have room again long before. */
export const MAX_ASKED_WAIT_MS = 60 * 60_000;

/**
 * Exponential backoff with equal jitter: half of the delay is fixed, half is drawn, so that what failed
 * together does not come back together (AWS Architecture Blog, "Exponential Backoff And Jitter"). A fixed delay is
 * drawn within a tenth of it.
 * @param failures failures so far, at least 1.
 * @param random in [0, 1).
 */
export function backoffMs(policy: RetryPolicy, failures: number, random: number): number {
  if (policy.kind === 'fixed') return Math.round(policy.baseMs * (0.9 + 0.2 * random));
  const full = Math.min(policy.maxMs, policy.baseMs * 2 ** (failures - 1));
  return Math.round(full / 2 + (full / 2) * random);
}

export type Verdict =
  | { readonly kind: 'sent' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'retry'; readonly delayMs: number };

/** Attempts so far that were answered with a plea to wait, and all others; this one included. */
export interface AttemptCounts {
  readonly rateLimited: number;
  readonly others: number;
}

/**
 * @param idempotent the provider drops a second message with the same key, so that what may have been sent
 * can be sent again. Otherwise it is not: a person decides.
 */
export function verdict(
  outcome: SendOutcome,
  counts: AttemptCounts,
  policy: RetryPolicy,
  idempotent: boolean,
  random: number,
): Verdict {
  switch (outcome.kind) {
    case 'accepted':
      return { kind: 'sent' };
    case 'permanent':
    case 'invalidRecipient':
      return { kind: 'failed' };
    case 'rateLimited': {
      if (counts.rateLimited >= Math.max(MAX_RATE_LIMITED, policy.attempts)) return { kind: 'failed' };
      const asked = Math.min(outcome.retryAfterMs ?? 0, MAX_ASKED_WAIT_MS);
      // A tenth more at most, so that those who were asked to wait do not return at the same moment.
      const wait = Math.round(asked * (1 + random / 10));
      return { kind: 'retry', delayMs: Math.max(wait, backoffMs(policy, counts.rateLimited, random)) };
    }
    case 'retryable':
      if (counts.others >= policy.attempts || (outcome.mayHaveSent && !idempotent)) return { kind: 'failed' };
      return { kind: 'retry', delayMs: backoffMs(policy, counts.others, random) };
  }
}

/** When the next attempt is due: at the expiry where it would come later, so that it is EXPIRED then, untried. */
export const nextAttemptAt = (now: number, delayMs: number, expiresAt: Date | undefined): Date =>
  new Date(expiresAt ? Math.min(now + delayMs, Math.max(now, expiresAt.getTime())) : now + delayMs);
