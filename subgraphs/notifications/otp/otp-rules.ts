/** What may be asked for, and what a code that is told comes to. Pure. */
import type { Settings } from '../../../platform/config/settings.ts';
import type { CodeHash, OtpCode, OtpLimitRecord, OtpRecord } from './otp-record.ts';

export interface OtpLimits {
  /** Between the first and the second code to one recipient for one purpose; doubled with each further one. */
  readonly resendMs: number;
  /** Codes to one person or address in an hour, whatever for. */
  readonly maxPerHour: number;
  /** How long a recipient and purpose is locked after too many wrong codes. */
  readonly lockMs: number;
}

/** The limits that the settings give. */
export const otpLimitsOf = (settings: Settings): OtpLimits => ({
  resendMs: settings.OTP_RESEND_MS,
  maxPerHour: settings.OTP_MAX_PER_HOUR,
  lockMs: settings.OTP_LOCK_MS,
});

/** Wrong codes that may be told of one code; the last of them locks. */
export const MAX_ATTEMPTS = 5;
const HOUR_MS = 3_600_000;
const MAX_RESEND_MS = 600_000;
/** What is over is kept for so long, to tell EXPIRED from what never was. */
const KEPT_MS = HOUR_MS;

/** How long nothing more is sent after the given number of requests in a row. */
export const resendPauseMs = (requests: number, resendMs: number): number =>
  Math.max(resendMs, Math.min(MAX_RESEND_MS, resendMs * 2 ** Math.max(0, requests - 1)));

/** A new code, as it is to be stored. */
export interface NewCode {
  readonly id: string;
  readonly hash: CodeHash;
  readonly expiresAt: Date;
  /** Of the notification that brings it. */
  readonly idem: string;
}

export type RequestDecision =
  | { readonly kind: 'taken'; readonly next: OtpRecord }
  /** The same request was taken already. */
  | { readonly kind: 'known'; readonly code: OtpCode; readonly next?: undefined }
  | {
      readonly kind: 'throttled' | 'locked';
      readonly retryAfterMs: number;
      readonly next?: undefined;
    };

/** @param before of this recipient and purpose; undefined where nothing was asked for lately. */
export function decideRequest(
  before: OtpRecord | undefined,
  owner: Pick<OtpRecord, '_id' | 'workspace' | 'app'>,
  fresh: NewCode,
  limits: OtpLimits,
  now: Date,
): RequestDecision {
  if (before?.lockedUntil && before.lockedUntil > now)
    return { kind: 'locked', retryAfterMs: before.lockedUntil.getTime() - now.getTime() };
  if (before?.code.id === fresh.id && before.code.expiresAt > now)
    return { kind: 'known', code: before.code };
  const requests = (before?.requests ?? []).filter((at) => at.getTime() > now.getTime() - HOUR_MS);
  const last = requests.at(-1);
  if (last) {
    const wait = last.getTime() + resendPauseMs(requests.length, limits.resendMs) - now.getTime();
    if (wait > 0) return { kind: 'throttled', retryAfterMs: wait };
  }
  const pause = resendPauseMs(requests.length + 1, limits.resendMs);
  return {
    kind: 'taken',
    next: {
      ...owner,
      revision: (before?.revision ?? 0) + 1,
      code: {
        ...fresh,
        resendAfter: new Date(now.getTime() + pause),
        attemptsLeft: MAX_ATTEMPTS,
      },
      requests: [...requests, now],
      removeAt: new Date(Math.max(fresh.expiresAt.getTime(), now.getTime() + pause) + KEPT_MS),
    },
  };
}

export type LimitDecision =
  | { readonly kind: 'taken'; readonly next: OtpLimitRecord }
  /** This code is counted already. */
  | { readonly kind: 'known'; readonly next?: undefined }
  | { readonly kind: 'throttled'; readonly retryAfterMs: number; readonly next?: undefined };

/** Whether one more code may go to a person or address. @param id of the record. */
export function decideLimit(
  before: OtpLimitRecord | undefined,
  id: string,
  code: string,
  maxPerHour: number,
  now: Date,
): LimitDecision {
  const recent = (before?.requests ?? []).filter(({ at }) => at.getTime() > now.getTime() - HOUR_MS);
  if (recent.some((request) => request.code === code)) return { kind: 'known' };
  // A place is free when this one is an hour old.
  const blocking = recent[recent.length - maxPerHour];
  if (blocking) return { kind: 'throttled', retryAfterMs: blocking.at.getTime() + HOUR_MS - now.getTime() };
  const requests = [...recent, { code, at: now }];
  return {
    kind: 'taken',
    next: {
      _id: id,
      revision: (before?.revision ?? 0) + 1,
      requests,
      removeAt: new Date(now.getTime() + HOUR_MS),
    },
  };
}

/** What a caller is told about a code. */
export type Verification =
  | { readonly status: 'VERIFIED' }
  | { readonly status: 'WRONG'; readonly attemptsLeft: number }
  | { readonly status: 'LOCKED'; readonly lockedUntil: Date }
  | { readonly status: 'EXPIRED' | 'NOT_FOUND' };

export interface VerifyDecision {
  readonly answer: Verification;
  /** Absent where nothing changes. */
  readonly next?: OtpRecord;
}

/**
 * @param id of the code, where the caller named it.
 * @param isRight whether the code that was told is the stored one.
 */
export function decideVerify(
  before: OtpRecord | undefined,
  id: string | undefined,
  isRight: boolean,
  limits: Pick<OtpLimits, 'lockMs'>,
  now: Date,
): VerifyDecision {
  // One that was used, replaced or never was: they are not told apart.
  if (!before || (id !== undefined && before.code.id !== id) || before.code.verifiedAt)
    return { answer: { status: 'NOT_FOUND' } };
  const { code, lockedUntil } = before;
  if (lockedUntil && lockedUntil > now) return { answer: { status: 'LOCKED', lockedUntil } };
  if (code.attemptsLeft === 0) return { answer: { status: 'NOT_FOUND' } };
  if (code.expiresAt <= now) return { answer: { status: 'EXPIRED' } };
  const next = { ...before, revision: before.revision + 1 };
  if (isRight)
    // Whoever has it has reason to ask for another one at once; the limit by the hour goes on.
    return {
      answer: { status: 'VERIFIED' },
      next: { ...next, requests: [], code: { ...code, verifiedAt: now } },
    };
  const attemptsLeft = code.attemptsLeft - 1;
  if (attemptsLeft > 0)
    return { answer: { status: 'WRONG', attemptsLeft }, next: { ...next, code: { ...code, attemptsLeft } } };
  const until = new Date(now.getTime() + limits.lockMs);
  return {
    answer: { status: 'LOCKED', lockedUntil: until },
    next: {
      ...next,
      code: { ...code, attemptsLeft },
      lockedUntil: until,
      removeAt: new Date(Math.max(before.removeAt.getTime(), until.getTime() + KEPT_MS)),
    },
  };
}
