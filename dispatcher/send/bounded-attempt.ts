/** One attempt, whose end is certain whatever the provider does. */
import type { OutgoingMessage, Provider, SendOutcome } from '../channels/contract.ts';

/** An attempt ends at its time-out; one that ignores its signal is given up so much later. */
export const HARD_STOP_GRACE_MS = 1_000;

/** How an attempt broke the provider's contract, if it did. */
export type Breach = 'threw' | 'overran';

/** @param onBreach told when the provider threw (with what) or had not returned long after its time was up. */
export async function boundedAttempt(
  provider: Provider,
  message: OutgoingMessage,
  idempotencyKey: string,
  timeoutMs: number,
  onBreach: (breach: Breach, error?: unknown) => void,
): Promise<SendOutcome> {
  let timer: NodeJS.Timeout | undefined;
  const hardStop = new Promise<SendOutcome>((resolve) => {
    timer = setTimeout(() => {
      onBreach('overran');
      resolve({
        kind: 'retryable',
        code: 'CHANNEL_TIMEOUT',
        message: 'The attempt did not end when its time was up.',
        mayHaveSent: true,
      });
    }, timeoutMs + HARD_STOP_GRACE_MS);
  });
  try {
    return await Promise.race([sent(provider, message, idempotencyKey, timeoutMs, onBreach), hardStop]);
  } finally {
    clearTimeout(timer);
  }
}

async function sent(
  provider: Provider,
  message: OutgoingMessage,
  idempotencyKey: string,
  timeoutMs: number,
  onBreach: (breach: Breach, error?: unknown) => void,
): Promise<SendOutcome> {
  try {
    return await provider.send(message, { idempotencyKey, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    onBreach('threw', error);
    return {
      kind: 'retryable',
      code: 'CHANNEL_INTERNAL',
      message: 'The provider failed in a way that it should not.',
      mayHaveSent: true,
    };
  }
}
