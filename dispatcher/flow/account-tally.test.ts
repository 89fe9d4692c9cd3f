import { describe, expect, it } from 'vitest';
import type { SendOutcome } from '../channels/contract.ts';
import { AccountTally } from './account-tally.ts';
import { signOf } from './circuit-outcome.ts';

const OUTCOMES = {
  taken: { kind: 'accepted' },
  deadAddress: { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE', message: 'gone' },
  tooLarge: { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE', message: 'too large' },
  badKey: { kind: 'permanent', code: 'CHANNEL_UNAUTHORIZED', message: 'bad key' },
  down: { kind: 'retryable', code: 'CHANNEL_CONNECTION_FAILED', message: 'down', mayHaveSent: false },
  wait: { kind: 'rateLimited', message: 'slowly' },
} as const satisfies Record<string, SendOutcome>;

function tallyOf(...outcomes: readonly (keyof typeof OUTCOMES)[]): AccountTally {
  const tally = new AccountTally(0);
  for (const name of outcomes) tally.note(OUTCOMES[name], signOf(OUTCOMES[name]));
  return tally;
}

describe('the tally of an account', () => {
  it.each<[readonly (keyof typeof OUTCOMES)[], object]>([
    [[], { sent: 0, failed: 0, ownFailed: 0 }],
    [['taken', 'taken'], { sent: 2, failed: 0, ownFailed: 0, okAt: 5_000 }],
    [['deadAddress', 'tooLarge'], { sent: 0, failed: 2, ownFailed: 0, okAt: 5_000 }],
    [['badKey'], { sent: 0, failed: 1, ownFailed: 1, lastError: { code: 'CHANNEL_UNAUTHORIZED' } }],
    [['taken', 'wait'], { sent: 1, failed: 1, ownFailed: 0, lastError: { code: 'CHANNEL_RATE_LIMITED' } }],
  ])('counts %j', (outcomes, told) => {
    expect(tallyOf(...outcomes).told(1_000, 5_000)).toMatchObject(told);
  });

  it('keeps no error that a recipient or a message caused', () => {
    expect(tallyOf('deadAddress', 'tooLarge').told(0, 0)).not.toHaveProperty('lastError');
  });

  it('forgets what is older than a minute, but not its last failure', () => {
    const tally = tallyOf('taken', 'down');
    expect(tally.told(54_000, 0)).toMatchObject({ sent: 1, failed: 1 });
    tally.note(OUTCOMES.taken, signOf(OUTCOMES.taken));
    expect(tally.told(61_000, 0)).toMatchObject({ sent: 1, failed: 0, ownFailed: 0 });
    expect(tally.told(10_000_000, 0)).toMatchObject({
      sent: 0,
      failed: 0,
      lastError: { code: 'CHANNEL_CONNECTION_FAILED', message: 'down' },
    });
  });

  it('knows since when it fails, until an attempt goes well', () => {
    const tally = tallyOf('taken', 'down');
    const first = tally.told(0, Date.now() + 1_000);
    expect(first.degradedSince).toBe(first.failedAt);
    // The message that was taken came before.
    expect(first.okAt).toBeLessThan(first.failedAt ?? 0);
    tally.note(OUTCOMES.down, signOf(OUTCOMES.down));
    expect(tally.told(2_000).degradedSince).toBe(first.degradedSince);
    tally.note(OUTCOMES.taken, signOf(OUTCOMES.taken));
    // Two of three still speak against it, until they are forgotten.
    expect(tally.told(70_000)).not.toHaveProperty('degradedSince');
  });
});
