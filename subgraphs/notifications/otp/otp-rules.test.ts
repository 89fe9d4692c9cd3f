import { describe, expect, it } from 'vitest';
import type { OtpLimitRecord, OtpRecord } from './otp-record.ts';
import {
  decideLimit,
  decideRequest,
  decideVerify,
  MAX_ATTEMPTS,
  type NewCode,
  resendPauseMs,
} from './otp-rules.ts';

const now = new Date('2026-06-01T12:00:00Z');
const inMs = (ms: number) => new Date(now.getTime() + ms);
const MINUTE = 60_000;
const limits = { resendMs: 30_000, maxPerHour: 3, lockMs: 15 * MINUTE };
const owner = { _id: 'k', workspace: 'default', app: 'app_test' };
const hash = { key: 'k', salt: 's', mac: 'm' };
const fresh: NewCode = { id: 'otp_new', hash, expiresAt: inMs(5 * MINUTE), idem: 'i' };

const stored = (code: Partial<OtpRecord['code']> = {}, rest: Partial<OtpRecord> = {}): OtpRecord => ({
  ...owner,
  revision: 7,
  code: {
    id: 'otp_old',
    hash,
    expiresAt: inMs(4 * MINUTE),
    resendAfter: inMs(-1),
    idem: 'i-old',
    attemptsLeft: MAX_ATTEMPTS,
    ...code,
  },
  requests: [inMs(-MINUTE)],
  removeAt: inMs(65 * MINUTE),
  ...rest,
});

describe('resendPauseMs', () => {
  it.each([
    [1, 30_000],
    [2, 60_000],
    [3, 120_000],
    [5, 480_000],
    [6, 600_000],
    [60, 600_000],
  ])('after %i requests', (requests, pause) => {
    expect(resendPauseMs(requests, 30_000)).toBe(pause);
  });

  it('is never shorter than the setting', () => {
    expect(resendPauseMs(1, 3_600_000)).toBe(3_600_000);
  });
});

describe('decideRequest', () => {
  it.each<[string, OtpRecord | undefined, string, number?]>([
    ['nothing before', undefined, 'taken'],
    ['one that is old enough', stored(), 'taken'],
    ['one of a moment ago', stored({}, { requests: [inMs(-29_999)] }), 'throttled', 1],
    ['exactly the pause ago', stored({}, { requests: [inMs(-30_000)] }), 'taken'],
    [
      'two: the pause has doubled',
      stored({}, { requests: [inMs(-90_000), inMs(-40_000)] }),
      'throttled',
      20_000,
    ],
    ['none since a code was right', stored({ verifiedAt: inMs(-5) }, { requests: [] }), 'taken'],
    [
      'many, all of them over an hour ago',
      stored({}, { requests: [inMs(-61 * MINUTE), inMs(-60 * MINUTE)] }),
      'taken',
    ],
    ['locked', stored({ attemptsLeft: 0 }, { lockedUntil: inMs(1_000), requests: [] }), 'locked', 1_000],
    ['a lock that is over', stored({ attemptsLeft: 0 }, { lockedUntil: now }), 'taken'],
    ['the same code', stored({ id: 'otp_new' }, { requests: [now] }), 'known'],
    ['the same code, which has expired', stored({ id: 'otp_new', expiresAt: now }), 'taken'],
    ['the same code, locked', stored({ id: 'otp_new' }, { lockedUntil: inMs(5) }), 'locked', 5],
  ])('%s', (_what, before, kind, retryAfterMs) => {
    const decision = decideRequest(before, owner, fresh, limits, now);
    expect(decision.kind).toBe(kind);
    if (decision.kind === 'throttled' || decision.kind === 'locked')
      expect(decision.retryAfterMs).toBe(retryAfterMs);
  });

  it('takes the place of the former code, and of its wrong attempts', () => {
    const decision = decideRequest(stored({ attemptsLeft: 1 }), owner, fresh, limits, now);
    expect(decision.next).toMatchObject({
      revision: 8,
      requests: [inMs(-MINUTE), now],
      code: { id: 'otp_new', attemptsLeft: MAX_ATTEMPTS, resendAfter: inMs(60_000) },
    });
    expect(decision.next).not.toHaveProperty('lockedUntil');
  });
});

describe('decideLimit', () => {
  const record = (...ages: number[]): OtpLimitRecord => ({
    _id: 'l',
    revision: 2,
    requests: ages.map((age, index) => ({ code: `otp_${index}`, at: inMs(-age) })),
    removeAt: now,
  });
  it.each<[string, OtpLimitRecord | undefined, object]>([
    ['the first', undefined, { kind: 'taken' }],
    ['below the limit', record(50 * MINUTE, MINUTE), { kind: 'taken' }],
    [
      'at the limit',
      record(50 * MINUTE, 2 * MINUTE, MINUTE),
      { kind: 'throttled', retryAfterMs: 10 * MINUTE },
    ],
    ['an old one does not count', record(60 * MINUTE, 2 * MINUTE, MINUTE), { kind: 'taken' }],
    [
      'over the limit, which was higher: until all but the last two are gone',
      record(40 * MINUTE, 30 * MINUTE, 20 * MINUTE, MINUTE),
      { kind: 'throttled', retryAfterMs: 30 * MINUTE },
    ],
  ])('%s', (_what, before, decision) => {
    expect(decideLimit(before, 'l', 'otp_x', 3, now)).toMatchObject(decision);
  });

  it('counts a code once', () => {
    expect(decideLimit(record(MINUTE), 'l', 'otp_0', 1, now)).toEqual({ kind: 'known' });
  });
});

describe('decideVerify', () => {
  it.each<[string, OtpRecord | undefined, string | undefined, boolean, object, object | undefined]>([
    ['nothing there', undefined, undefined, true, { status: 'NOT_FOUND' }, undefined],
    ['right', stored(), undefined, true, { status: 'VERIFIED' }, { code: { verifiedAt: now }, requests: [] }],
    ['right, by its id', stored(), 'otp_old', true, { status: 'VERIFIED' }, { code: { verifiedAt: now } }],
    ['right, by the id of a former one', stored(), 'otp_older', true, { status: 'NOT_FOUND' }, undefined],
    [
      'right, a second time',
      stored({ verifiedAt: inMs(-5) }),
      undefined,
      true,
      { status: 'NOT_FOUND' },
      undefined,
    ],
    ['right, at its end', stored({ expiresAt: now }), undefined, true, { status: 'EXPIRED' }, undefined],
    ['wrong, at its end', stored({ expiresAt: now }), undefined, false, { status: 'EXPIRED' }, undefined],
    [
      'wrong',
      stored(),
      undefined,
      false,
      { status: 'WRONG', attemptsLeft: 4 },
      { revision: 8, code: { attemptsLeft: 4 } },
    ],
    [
      'wrong for the last time',
      stored({ attemptsLeft: 1 }),
      undefined,
      false,
      { status: 'LOCKED', lockedUntil: inMs(15 * MINUTE) },
      { code: { attemptsLeft: 0 }, lockedUntil: inMs(15 * MINUTE), removeAt: inMs(75 * MINUTE) },
    ],
    [
      'right, while locked',
      stored({ attemptsLeft: 0 }, { lockedUntil: inMs(1) }),
      undefined,
      true,
      { status: 'LOCKED', lockedUntil: inMs(1) },
      undefined,
    ],
    [
      'right, after the lock',
      stored({ attemptsLeft: 0 }, { lockedUntil: now }),
      undefined,
      true,
      { status: 'NOT_FOUND' },
      undefined,
    ],
  ])('%s', (_what, before, id, isRight, answer, next) => {
    const decision = decideVerify(before, id, isRight, limits, now);
    expect(decision.answer).toEqual(answer);
    if (next) expect(decision.next).toMatchObject(next);
    else expect(decision.next).toBeUndefined();
  });
});
