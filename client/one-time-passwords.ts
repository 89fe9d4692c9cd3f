/** One-time passwords: what is asked of Herald, and how its answers are told. */
import type {
  RequestOtpMutation,
  RequestOtpMutationVariables,
  VerifyOtpMutation,
  VerifyOtpMutationVariables,
} from './generated/operations.ts';

/** Whom a code goes to, and what for. See `RequestOtpInput` in the contract. */
export type OtpInput = RequestOtpMutationVariables['input'];

/** A code that was made and is being sent. */
export interface OtpRequested {
  readonly id: string;
  readonly expiresAt: Date;
  /** No other one is sent to this recipient for this purpose before. */
  readonly resendAfter: Date;
  readonly channel: RequestOtpMutation['requestOtp']['channel'];
  /** To show where it went, for example `+49•••89`; none of a browser. */
  readonly maskedAddress: string | undefined;
  /** The notification that brings it. */
  readonly notification: string;
}

/** The code that somebody told, and which one it should be: by the id of its request, or by whom and what it is for. */
export type OtpCode = VerifyOtpMutationVariables;

/** What came of it. */
export interface OtpVerified {
  readonly status: VerifyOtpMutation['verifyOtp']['status'];
  /** Of WRONG. */
  readonly attemptsLeft: number | undefined;
  /** Of LOCKED. */
  readonly lockedUntil: Date | undefined;
}

export const REQUEST_OTP = /* GraphQL */ `
  mutation RequestOtp($input: RequestOtpInput!) {
    requestOtp(input: $input) {
      id
      expiresAt
      resendAfter
      channel
      maskedAddress
      notification {
        id
      }
    }
  }
`;

export const VERIFY_OTP = /* GraphQL */ `
  mutation VerifyOtp($id: ID, $to: OtpRecipientInput, $purpose: String, $code: String!) {
    verifyOtp(id: $id, to: $to, purpose: $purpose, code: $code) {
      status
      attemptsLeft
      lockedUntil
    }
  }
`;

export const requestedOf = ({ requestOtp: asked }: RequestOtpMutation): OtpRequested => ({
  id: asked.id,
  expiresAt: new Date(asked.expiresAt),
  resendAfter: new Date(asked.resendAfter),
  channel: asked.channel,
  maskedAddress: asked.maskedAddress ?? undefined,
  notification: asked.notification.id,
});

export const verifiedOf = ({ verifyOtp: told }: VerifyOtpMutation): OtpVerified => ({
  status: told.status,
  attemptsLeft: told.attemptsLeft ?? undefined,
  lockedUntil: told.lockedUntil == null ? undefined : new Date(told.lockedUntil),
});
