/** One-time passwords as stored. */

/** Of one recipient and purpose of an app: the live code (as a hash), and what was asked before. */
export interface OtpRecord {
  /** Follows from workspace, app, recipient and purpose. */
  readonly _id: string;
  readonly workspace: string;
  readonly app: string;
  /** Changed by every write: whoever has read another one writes nothing. */
  readonly revision: number;
  readonly code: OtpCode;
  /** When codes were asked for within the last hour, since one was verified. */
  readonly requests: readonly Date[];
  /** Too many wrong codes: nothing is verified and nothing sent until then. */
  readonly lockedUntil?: Date;
  /** Removed by MongoDB some time after. */
  readonly removeAt: Date;
}

/** The newest code of a recipient and purpose. */
export interface OtpCode {
  readonly id: string;
  readonly hash: CodeHash;
  readonly expiresAt: Date;
  readonly resendAfter: Date;
  /** Of the notification that brings it; see `NotificationRecord.idem`. */
  readonly idem: string;
  readonly attemptsLeft: number;
  /** It was right once, and is of no use any more. */
  readonly verifiedAt?: Date;
}

/** HMAC-SHA-256 of a code; of the code itself it tells nothing to who has not the key. */
export interface CodeHash {
  /** Which key of HERALD_SECRET_KEY. */
  readonly key: string;
  readonly salt: string;
  readonly mac: string;
}

/** A code that may still be sent, encrypted. It is removed when the code ends. */
export interface SealedCodeRecord {
  readonly _id: string;
  readonly sealed: string;
  readonly expiresAt: Date;
}

/** What was sent to one person or address of a workspace, whatever for and by whichever app. */
export interface OtpLimitRecord {
  readonly _id: string;
  readonly revision: number;
  readonly requests: readonly CountedRequest[];
  readonly removeAt: Date;
}
export interface CountedRequest {
  readonly code: string;
  readonly at: Date;
}
