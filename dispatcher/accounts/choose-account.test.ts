import { describe, expect, it } from 'vitest';
import type { AttemptRecord } from '../../subgraphs/notifications/index.ts';
import { hasUntried, suitableAccounts } from './choose-account.ts';

const account = (id: string, takes?: (address: string) => boolean) => ({
  id,
  definition: { ...(takes && { takes }) },
});
const failed = (provider: string, errorCode: string): AttemptRecord => ({
  at: new Date(0),
  provider,
  ok: false,
  errorCode,
  latencyMs: 1,
});
const A = account('a');
const B = account('b');
const C = account('c');
const of = (...attempts: AttemptRecord[]) => ({ address: 'x', attempts });
const ids = (accounts: readonly { id: string }[]) => accounts.map(({ id }) => id).join('');

describe('suitableAccounts', () => {
  it.each([
    ['in their order', of(), 'abc'],
    ['one that failed for its own reasons is last', of(failed('a', 'CHANNEL_UNAUTHORIZED')), 'bca'],
    [
      'of those that failed the one that failed longest ago is first',
      of(
        failed('b', 'CHANNEL_PROVIDER_UNAVAILABLE'),
        failed('a', 'CHANNEL_TIMEOUT'),
        failed('c', 'CHANNEL_UNAUTHORIZED'),
      ),
      'bac',
    ],
    ['what is wrong with the message says nothing of it', of(failed('a', 'CHANNEL_MESSAGE_REJECTED')), 'abc'],
  ])('%s', (_what, delivery, order) => {
    expect(ids(suitableAccounts([A, B, C], delivery))).toBe(order);
  });

  it('are only those that take the address', () => {
    const ios = account('ios', (address) => address.startsWith('apns:'));
    const others = account('fcm', (address) => !address.startsWith('apns:'));
    expect(ids(suitableAccounts([others, ios], { address: 'apns:1', attempts: [] }))).toBe('ios');
    expect(ids(suitableAccounts([others], { address: 'apns:1', attempts: [] }))).toBe('');
  });
});

describe('hasUntried', () => {
  it('tells whether another account may do better', () => {
    const once = of(failed('a', 'CHANNEL_UNAUTHORIZED'));
    expect(hasUntried([A], once)).toBe(false);
    expect(hasUntried([A, B], once)).toBe(true);
    expect(hasUntried([A, B], of(failed('a', 'CHANNEL_TIMEOUT'), failed('b', 'CHANNEL_TIMEOUT')))).toBe(
      false,
    );
    expect(hasUntried([A], of())).toBe(true);
  });
});
