/** Asks one account after the other. */
import type { NotNow } from '../flow/provider-flow.ts';

/** Who would let the message through the soonest, and when. */
export interface Refusal<A> {
  readonly refusedBy: A;
  readonly refused: NotNow;
}

/**
 * What the first account that does not refuse gives; otherwise the refusal that is over first, undefined without accounts.
 * @param ask gives what is wanted, or refuses.
 * @param isFinal whether a refusal is the answer, without asking the accounts that follow.
 */
export async function tryInTurn<A, T extends object>(
  accounts: readonly A[],
  ask: (account: A) => Promise<T | NotNow>,
  isFinal: (refused: NotNow) => boolean = () => false,
): Promise<T | Refusal<A> | undefined> {
  let soonest: Refusal<A> | undefined;
  for (const account of accounts) {
    const answer = await ask(account);
    if (!('waitMs' in answer)) return answer;
    const refusal = { refusedBy: account, refused: answer };
    if (isFinal(answer)) return refusal;
    if (!soonest || answer.waitMs < soonest.refused.waitMs) soonest = refusal;
  }
  return soonest;
}
