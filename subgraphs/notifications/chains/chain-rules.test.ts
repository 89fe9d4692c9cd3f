import { describe, expect, test } from 'vitest';
import type { ChainPlace, DeliveryRecord } from '../contract.ts';
import { type ChainMember, chainMove, settleChains } from './chain-rules.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1_000);
const ahead = (seconds: number) => ago(-seconds);

const member = (
  step: number,
  changes: Partial<ChainMember>,
  place: Partial<ChainPlace> = {},
): ChainMember => ({
  _id: `d${step}`,
  state: 'QUEUED',
  createdAt: ago(30),
  chain: { members: ['d0', 'd1', 'd2'], step, success: 'OPENED', startedAt: ago(30), ...place },
  ...changes,
});
const held = (step: number, place: Partial<ChainPlace> = {}): ChainMember => {
  const { chain, ...rest } = member(step, {}, { ...place });
  const { startedAt: _never, ...own } = chain ?? { members: [], step };
  return { ...rest, chain: own };
};

describe('chainMove', () => {
  test.each<[string, ChainMember[], ChainMember, ReturnType<typeof chainMove>]>([
    ['its time has not come', [member(0, { state: 'SENT' })], held(1, { afterSeconds: 60 }), wait(30)],
    ['its time has come', [member(0, { state: 'SENT' })], held(1, { afterSeconds: 30 }), { kind: 'start' }],
    ['opened', [member(0, { state: 'DELIVERED', openedAt: ago(1) })], held(1, { afterSeconds: 60 }), skip()],
    [
      'opened at the last moment',
      [member(0, { state: 'SENT', openedAt: ago(1) })],
      held(1, { afterSeconds: 30 }),
      skip(),
    ],
    ['delivered is not opened', [member(0, { state: 'DELIVERED' })], held(1, { afterSeconds: 60 }), wait(30)],
    [
      'delivered is enough',
      [member(0, { state: 'DELIVERED' }, { success: 'DELIVERED' })],
      held(1, { afterSeconds: 60 }),
      skip(),
    ],
    [
      'sent is not delivered',
      [member(0, { state: 'SENT' }, { success: 'DELIVERED' })],
      held(1, { afterSeconds: 60 }),
      wait(30),
    ],
    ['sent is enough', [member(0, { state: 'SENT' }, { success: 'SENT' })], held(1), skip()],
    ['failed', [member(0, { state: 'FAILED' })], held(1, { afterSeconds: 60 }), { kind: 'start' }],
    ['expired', [member(0, { state: 'EXPIRED' })], held(1, { afterSeconds: 60 }), { kind: 'start' }],
    [
      'one of two devices failed',
      [member(0, { state: 'FAILED' }), member(0, { _id: 'e0', state: 'SENT' })],
      held(1, { afterSeconds: 60 }),
      wait(30),
    ],
    [
      'one of two devices was opened',
      [member(0, { state: 'SENT' }), member(0, { _id: 'e0', state: 'SENT', openedAt: ago(2) })],
      held(1, { afterSeconds: 60 }),
      skip(),
    ],
    ['not tried yet, and no time', [member(0, {}, { success: 'SENT' })], held(1), wait(60)],
    [
      'tried for too long',
      [member(0, {}, { success: 'SENT' })],
      held(1, { afterSeconds: 20 }),
      { kind: 'start' },
    ],
    [
      'the step before is held back too',
      [member(0, { state: 'SENT' }), held(1, { afterSeconds: 60 })],
      held(2, { afterSeconds: 10 }),
      wait(10),
    ],
    [
      'the first one is opened while the second is tried',
      [member(0, { state: 'SENT', openedAt: ago(1) }), member(1, { state: 'SENT' })],
      held(2, { afterSeconds: 60 }),
      skip(),
    ],
    [
      'counts from the step before, not from the first one',
      [member(0, { state: 'SENT' }), member(1, { state: 'SENT' }, { startedAt: ago(5) })],
      held(2, { afterSeconds: 20 }),
      wait(15),
    ],
    [
      'it would expire before',
      [member(0, { state: 'SENT' })],
      { ...held(1, { afterSeconds: 600 }), expiresAt: ahead(40) },
      wait(40),
    ],
  ])('%s', (_what, earlier, own, expected) => {
    expect(chainMove(own, [...earlier, own], NOW)).toEqual(expected);
  });
});

function wait(seconds: number) {
  return { kind: 'wait' as const, until: ahead(seconds) };
}
function skip() {
  return { kind: 'skip' as const };
}

describe('settleChains', () => {
  const record = (own: ChainMember, changes: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
    workspace: 'default',
    app: 'app',
    notification: 'n',
    sole: false,
    channel: 'SMS',
    attempt: 0,
    attempts: [],
    priority: 'MEDIUM',
    nextAttemptAt: NOW,
    ...own,
    ...changes,
  });

  test('leaves deliveries without a chain as they are', () => {
    const { chain: _none, ...plain } = record(member(0, {}));
    const all = [plain];
    expect(settleChains(all, NOW)).toBe(all);
  });

  test('a failure at the first attempt starts the second step, whose time begins now', () => {
    const settled = settleChains(
      [
        record(member(0, { state: 'FAILED' })),
        record(held(1, { afterSeconds: 60 })),
        record(held(2, { afterSeconds: 90 })),
      ],
      NOW,
    );
    expect(settled.map(({ state }) => state)).toEqual(['FAILED', 'QUEUED', 'QUEUED']);
    expect(settled[1]?.chain?.startedAt).toEqual(NOW);
    expect(settled[2]?.chain?.startedAt).toBeUndefined();
    expect(settled[2]?.nextAttemptAt).toEqual(ahead(90));
  });

  test('a success at the first attempt makes all others needless', () => {
    const settled = settleChains(
      [
        record(member(0, { state: 'SENT' }, { success: 'SENT' })),
        record(held(1, { success: 'OPENED' })),
        record(held(2, { afterSeconds: 90 })),
      ],
      NOW,
    );
    expect(settled.slice(1)).toEqual([
      expect.objectContaining({ state: 'SKIPPED', skipReason: 'FALLBACK_NOT_NEEDED', nextAttemptAt: null }),
      expect.objectContaining({ state: 'SKIPPED', skipReason: 'FALLBACK_NOT_NEEDED', skippedAt: NOW }),
    ]);
  });
});
