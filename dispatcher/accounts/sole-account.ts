/** The way in where the settings have one account for the channel, or none: the quickest, for it is every message's. */
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import { PLACE_PATIENCE_MS } from '../flow/patience.ts';
import type { NotNow, Pause } from '../flow/provider-flow.ts';
import {
  type Account,
  type Choosing,
  type Entry,
  giveBack,
  NO_ENTRY,
  type Permit,
  type WayIn,
} from './account.ts';

export class SoleAccount implements WayIn {
  readonly #account: Account | undefined;
  readonly #permit: Permit;

  constructor(account: Account | undefined) {
    this.#account = account;
    this.#permit = { account };
  }

  /** Not while the account is shut: permits that wait for its end would all be used at that moment, beyond the rate. */
  async permit(priority: Priority, patienceMs: number, pause: Pause): Promise<Permit | NotNow> {
    if (!this.#account) return this.#permit;
    const { flow } = this.#account;
    const end = performance.now() + patienceMs;
    for (let shut = flow.shut(); shut; shut = flow.shut())
      if (performance.now() + shut.waitMs > end || !(await pause(shut.waitMs))) return shut;
    return (await flow.permit(priority, end - performance.now(), pause)) ?? this.#permit;
  }

  async enter(
    permit: Permit,
    { address = '', priority }: Choosing,
    patienceMs: number,
    pause: Pause,
  ): Promise<Entry | NotNow> {
    const account = this.#account;
    if (!account) return NO_ENTRY;
    if (!takes(account, address)) {
      giveBack(permit);
      return NO_ENTRY;
    }
    const admission = await account.flow.enter(
      { address, priority, patienceMs, placePatienceMs: PLACE_PATIENCE_MS },
      pause,
    );
    if ('waitMs' in admission) {
      giveBack(permit);
      return admission;
    }
    return { account, admission };
  }
}

const takes = ({ provider }: Account, address: string): boolean =>
  provider.definition.takes?.(address) ?? true;
