/**
 * The way in where the settings have several accounts for the channel: all deliveries are alike, so that a permit is had
 * before the claim, and changed for another account's where the delivery is not for the first.
 */
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import { PLACE_PATIENCE_MS } from '../flow/patience.ts';
import type { Admission, NotNow, Pause } from '../flow/provider-flow.ts';
import {
  type Account,
  type Choosing,
  type Entry,
  giveBack,
  NO_ENTRY,
  type Permit,
  suitableFor,
  type WayIn,
} from './account.ts';
import { tryInTurn } from './try-in-turn.ts';

export class SettingsAccounts implements WayIn {
  readonly #accounts: readonly Account[];

  /** @param accounts in the order of preference. */
  constructor(accounts: readonly Account[]) {
    this.#accounts = accounts;
  }

  async permit(priority: Priority, patienceMs: number, pause: Pause): Promise<Permit | NotNow> {
    const end = performance.now() + patienceMs;
    for (;;) {
      const answer = await tryInTurn(this.#accounts, (account) => permitOf(account, priority, pause));
      if (!answer) return { account: undefined };
      if (!('refused' in answer)) return answer;
      const { refused } = answer;
      if (performance.now() + refused.waitMs > end || !(await pause(refused.waitMs))) return refused;
    }
  }

  async enter(permit: Permit, delivery: Choosing, patienceMs: number, pause: Pause): Promise<Entry | NotNow> {
    const suitable = suitableFor(this.#accounts, delivery);
    if (suitable.length === 0) {
      giveBack(permit);
      return NO_ENTRY;
    }
    let held: Permit = permit;
    const answer = await tryInTurn(
      suitable,
      async (account): Promise<{ account: Account; admission: Admission } | NotNow> => {
        if (account !== held.account) {
          const other = await permitOf(account, delivery.priority, pause);
          if ('waitMs' in other) return other;
          giveBack(held);
          held = other;
        }
        // There is no waiting for one while another could send. Many messages at once are no reason to leave the
        // order: they wait for a place, but for what is urgent.
        const isLast = account === suitable.at(-1);
        const { address = '', priority } = delivery;
        const admission = await account.flow.enter(
          {
            address,
            priority,
            patienceMs: isLast ? patienceMs : 0,
            placePatienceMs: isLast || priority !== 'HIGH' ? PLACE_PATIENCE_MS : 0,
          },
          pause,
        );
        if (!('waitMs' in admission)) return { account, admission };
        giveBack(held);
        held = NONE;
        return admission;
      },
    );
    if (answer && !('refused' in answer)) return answer;
    giveBack(held);
    return answer?.refused ?? { waitMs: 0, why: 'circuit' };
  }
}

const NONE: Permit = { account: undefined };

const permitOf = async (account: Account, priority: Priority, pause: Pause): Promise<Permit | NotNow> =>
  account.flow.shut() ?? (await account.flow.permit(priority, 0, pause)) ?? { account };
