import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type OutgoingMessage, type Provider, stoppedOutcome } from '../channels/contract.ts';
import { type Breach, boundedAttempt, HARD_STOP_GRACE_MS } from './bounded-attempt.ts';

const message: OutgoingMessage = {
  workspace: 'default',
  channel: 'EMAIL',
  address: 'a@example.com',
  notification: 'n1',
  delivery: 'd1',
  priority: 'HIGH',
  locale: 'en',
  body: 'Hello',
};

async function attempt(send: Provider['send'], timeoutMs = 50) {
  const breaches: [Breach, unknown][] = [];
  const started = performance.now();
  const outcome = await boundedAttempt({ send }, message, 'd1', timeoutMs, (breach, error) =>
    breaches.push([breach, error]),
  );
  return { outcome, breaches, tookMs: performance.now() - started };
}

describe('boundedAttempt', () => {
  it('returns what the provider says', async () => {
    const { outcome, breaches } = await attempt(async (_message, { idempotencyKey }) => ({
      kind: 'accepted',
      providerMessageId: idempotencyKey,
    }));
    expect(outcome).toEqual({ kind: 'accepted', providerMessageId: 'd1' });
    expect(breaches).toEqual([]);
  });

  it('ends at the time-out where the provider heeds its signal', async () => {
    const { outcome, breaches } = await attempt(async (_message, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return stoppedOutcome(signal, false);
    });
    // As the provider says it, not as it is said of one that has to be given up.
    expect(outcome).toMatchObject({ kind: 'retryable', code: 'CHANNEL_TIMEOUT', mayHaveSent: false });
    expect(breaches).toEqual([]);
  });

  it('ends soon after it where the provider does not', async () => {
    const { outcome, breaches, tookMs } = await attempt(async () => {
      await sleep(60_000, undefined, { ref: false });
      return { kind: 'accepted' };
    });
    expect(outcome).toMatchObject({ kind: 'retryable', code: 'CHANNEL_TIMEOUT', mayHaveSent: true });
    expect(tookMs).toBeLessThan(HARD_STOP_GRACE_MS + 10_000);
    expect(breaches).toEqual([['overran', undefined]]);
  });

  it.each<[string, Provider['send']]>([
    ['rejects', () => Promise.reject(new Error('bug'))],
    [
      'throws',
      () => {
        throw new Error('bug');
      },
    ],
  ])('makes an outcome of a provider that %s', async (_how, send) => {
    const { outcome, breaches } = await attempt(send);
    expect(outcome).toMatchObject({ kind: 'retryable', code: 'CHANNEL_INTERNAL', mayHaveSent: true });
    expect(breaches).toEqual([['threw', new Error('bug')]]);
  });
});
