import { describe, expect, test } from 'vitest';
import type { ChainPlace, DeliveryRecord } from '../records/delivery-record.ts';
import { type ChainMember, chainMove, isOvertaken, reached, settleHeld, turnOf } from './chain-rules.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const QUIET = { from: '11:00', to: '13:00' };
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
  attempt: 0,
  nextAttemptAt: ago(1),
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
    [
      'its turn comes in quiet hours',
      [member(0, { state: 'FAILED' })],
      { ...held(1), quiet: QUIET },
      { ...wait(3_600), quiet: true },
    ],
    [
      'its time comes in quiet hours, in which it would expire',
      [member(0, { state: 'SENT' })],
      { ...held(1, { afterSeconds: 30 }), quiet: QUIET, expiresAt: ahead(40) },
      { ...wait(40), quiet: true },
    ],
    [
      'its turn comes in quiet hours, in which it is not sent',
      [member(0, { state: 'FAILED' })],
      { ...held(1), quiet: { ...QUIET, skip: true } },
      { kind: 'skip', reason: 'QUIET_HOURS' },
    ],
    [
      'it is not needed, quiet or not',
      [member(0, { state: 'SENT', openedAt: ago(1) })],
      { ...held(1), quiet: QUIET },
      skip(),
    ],
    [
      'its turn has not come, quiet or not',
      [member(0, { state: 'SENT' })],
      { ...held(1, { afterSeconds: 60 }), quiet: QUIET },
      wait(30),
    ],
    [
      'the step before waits for the end of a night',
      [{ ...held(0, { success: 'OPENED' }), nextAttemptAt: ahead(3_600) }],
      held(1, { afterSeconds: 60 }),
      wait(3_660),
    ],
    ['the first step, in quiet hours', [], { ...held(0), quiet: QUIET }, { ...wait(3_600), quiet: true }],
    [
      'the first step, when they are over',
      [],
      { ...held(0), quiet: { from: '11:00', to: '12:00' } },
      { kind: 'start' },
    ],
  ])('%s', (_what, earlier, own, expected) => {
    expect(chainMove(own, [...earlier, own], NOW)).toEqual(expected);
  });
});

function wait(seconds: number) {
  return { kind: 'wait' as const, until: ahead(seconds) };
}
function skip() {
  return { kind: 'skip' as const, reason: 'FALLBACK_NOT_NEEDED' as const };
}

test('whether it is quiet is asked when it is claimed, not before', () => {
  const own = { ...held(1), quiet: QUIET };
  const members = [member(0, { state: 'FAILED' }), own];
  expect(turnOf(own, members, NOW)).toEqual({ kind: 'start' });
  expect(chainMove(own, members, NOW)).toMatchObject({ kind: 'wait', quiet: true });
});

describe('reached', () => {
  const failed = member(0, { state: 'FAILED' });
  const { success: _none, ...lastPlace } = { ...member(2, {}).chain, members: [], step: 2 };
  test.each<[string, ChainMember, boolean]>([
    ['a provider took it, which is enough', member(1, { state: 'SENT' }, { success: 'SENT' }), true],
    ['sent, and to be opened', member(1, { state: 'SENT' }), false],
    ['opened', member(1, { state: 'DELIVERED', openedAt: ago(1) }), true],
    ['of the last step: sent', { ...member(2, { state: 'SENT' }), chain: lastPlace }, true],
    ['of the last step: on its way', { ...member(2, { state: 'SENDING' }), chain: lastPlace }, false],
    ['opened before it bounced', member(1, { state: 'FAILED', openedAt: ago(1) }), false],
  ])('%s', (_what, other, isReached) => {
    expect(reached([failed, other])).toBe(isReached ? other : undefined);
  });
});

describe('isOvertaken', () => {
  test.each<[string, ChainMember[], boolean]>([
    ['by a later one that a provider took', [member(1, { state: 'SENT' }, { success: 'SENT' })], true],
    [
      'by the last one',
      [member(1, { state: 'FAILED' }), member(2, { state: 'SENT', chain: { members: [], step: 2 } })],
      true,
    ],
    ['not by one that was not opened', [member(1, { state: 'DELIVERED' })], false],
    ['not by one that waits', [held(1), held(2)], false],
    ['not by an earlier one', [member(-1, { state: 'SENT' }, { success: 'SENT' })], false],
    ['not by one beside it', [member(0, { _id: 'x', state: 'SENT' }, { success: 'SENT' })], false],
  ])('%s', (_what, others, expected) => {
    const begun = member(0, {});
    expect(isOvertaken(begun, [begun, ...others])).toBe(expected);
  });
});

describe('settleHeld', () => {
  const record = (own: ChainMember, changes: Partial<DeliveryRecord> = {}): DeliveryRecord => ({
    workspace: 'default',
    app: 'app',
    notification: 'n',
    sole: false,
    channel: 'SMS',
    attempts: [],
    priority: 'MEDIUM',
    ...own,
    ...changes,
  });

  test('leaves deliveries without a chain as they are', () => {
    const { chain: _none, ...plain } = record(member(0, {}));
    const all = [plain];
    expect(settleHeld(all, NOW)).toBe(all);
  });

  const plainOf = (changes: Partial<DeliveryRecord>): DeliveryRecord => {
    const { chain: _none, ...plain } = record(member(0, {}), changes);
    return plain;
  };
  const until = ahead(3_600);

  test.each<[string, Partial<DeliveryRecord>, Partial<DeliveryRecord>]>([
    [
      'holds what would disturb until it does not',
      { quiet: QUIET },
      { state: 'QUEUED', nextAttemptAt: until, held: { at: NOW, until } },
    ],
    [
      'skips it where that is the rule',
      { quiet: { ...QUIET, skip: true } },
      { state: 'SKIPPED', skipReason: 'QUIET_HOURS', nextAttemptAt: null },
    ],
    [
      'leaves it outside of quiet hours',
      { quiet: { from: '13:00', to: '11:00' } },
      { nextAttemptAt: ago(1) },
    ],
    ['leaves what was tried', { quiet: { ...QUIET, skip: true }, attempt: 1 }, { nextAttemptAt: ago(1) }],
    ['leaves what is under way', { quiet: QUIET, state: 'SENDING' }, { nextAttemptAt: ago(1) }],
  ])('%s', (_what, changes, expected) => {
    const [settled] = settleHeld([plainOf(changes)], NOW);
    expect(settled).toEqual({
      ...plainOf(changes),
      ...(settled?.state === 'SKIPPED' && settled),
      ...expected,
    });
    expect(settled).toMatchObject(expected);
  });

  test('in a chain: the first step waits for the morning, and the second one for it; what is not quiet begins', () => {
    const settled = settleHeld(
      [
        record(held(0, { success: 'OPENED' }), { quiet: QUIET }),
        record(held(1, { afterSeconds: 60 }), { quiet: QUIET }),
      ],
      NOW,
    );
    expect(settled.map(({ nextAttemptAt }) => nextAttemptAt)).toEqual([until, ahead(3_660)]);
    expect(settled.map(({ chain }) => chain?.startedAt)).toEqual([undefined, undefined]);
  });

  test('in a chain: what is skipped gives its turn to the next step', () => {
    const settled = settleHeld(
      [
        record(held(0, { success: 'SENT' }), { quiet: { ...QUIET, skip: true } }),
        record(held(1), { channel: 'EMAIL' }),
      ],
      NOW,
    );
    expect(settled.map(({ state, skipReason }) => skipReason ?? state)).toEqual(['QUIET_HOURS', 'QUEUED']);
    expect(settled[1]?.chain?.startedAt).toEqual(NOW);
  });

  test('a failure at the first attempt starts the second step, whose time begins now', () => {
    const settled = settleHeld(
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
    const settled = settleHeld(
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
