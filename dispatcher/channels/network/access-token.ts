/** Access tokens that a vendor gives one at a time: shared by all workers, and replaced once when the vendor refuses one. */
import { type ProviderHealth, type SendOutcome, type SharedValues, stoppedOutcome } from '../contract.ts';
import { unwell } from './vendor-http.ts';

/** What came of asking a vendor for a token: the token, or the outcome of the attempt that cannot go on without. */
export type MadeToken =
  | { readonly token: string; readonly expiresInSeconds: number }
  | { readonly failed: SendOutcome };

/** What came of an attempt with a token; `tokenRefused`: nothing was done, for the token was not taken. */
export type TokenAttempt = SendOutcome | { readonly tokenRefused: SendOutcome };

/** Carries the outcome of a failed request for a token through `SharedValues.get`. */
class NoTokenError extends Error {
  readonly outcome: SendOutcome;
  constructor(outcome: SendOutcome) {
    super('no access token was given');
    this.outcome = outcome;
  }
}

/**
 * Makes one attempt with the shared token. A token that the vendor refuses is dropped and the attempt made once again
 * with the next one: the message of a refused request was not looked at.
 * @param name of the token among the account's shared values.
 * @param make asks the vendor for a token.
 */
export async function withAccessToken(
  { shared, name, now, signal }: { shared: SharedValues; name: string; now: () => Date; signal: AbortSignal },
  make: () => Promise<MadeToken>,
  attempt: (token: string) => Promise<TokenAttempt>,
): Promise<SendOutcome> {
  const makeShared = async () => {
    const made = await make();
    if ('failed' in made) throw new NoTokenError(made.failed);
    return { value: made.token, expiresAt: new Date(now().getTime() + made.expiresInSeconds * 1_000) };
  };
  try {
    const token = await shared.get(name, makeShared, signal);
    const first = await attempt(token);
    if (!('tokenRefused' in first)) return first;
    await shared.drop(name, token);
    const second = await attempt(await shared.get(name, makeShared, signal));
    return 'tokenRefused' in second ? second.tokenRefused : second;
  } catch (error) {
    if (signal.aborted) return stoppedOutcome(signal, false);
    if (error instanceof NoTokenError) return unsent(error.outcome);
    const stopped = error instanceof Error && /^(Abort|Timeout)Error$/.test(error.name);
    return {
      kind: 'retryable',
      code: stopped ? 'CHANNEL_TIMEOUT' : 'CHANNEL_INTERNAL',
      message: stopped
        ? 'Another attempt asked for the access token, and was stopped.'
        : 'The access token that all workers share could not be read.',
      mayHaveSent: false,
    };
  }
}

/** A request for a token carries no message, whatever became of it. */
const unsent = (outcome: SendOutcome): SendOutcome =>
  outcome.kind === 'retryable' ? { ...outcome, mayHaveSent: false } : outcome;

/** The health of an account by what became of a request for its token. */
export const healthOfToken = (made: MadeToken): ProviderHealth =>
  'failed' in made ? unwell(made.failed) : { ok: true };
