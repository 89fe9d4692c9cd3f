/**
 * The accounts that serve one channel, as a sender uses them: the first with room and a closed circuit sends. How it is
 * found depends on what there is (`WayIn`): one account of the settings, several, or workspaces' own.
 */
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import type { DeliveryRecord } from '../../subgraphs/notifications/index.ts';
import type { ConfiguredProvider } from '../channels/registry.ts';
import type { NotNow, Pause } from '../flow/provider-flow.ts';
import { parallelOf } from '../flow/provider-flows.ts';
import { MAX_PARALLEL } from '../flow/send-window.ts';
import {
  type Account,
  type Choosing,
  type Entry,
  giveBack,
  type Permit,
  type StoredAccount,
  type WayIn,
} from './account.ts';
import { WAITING_FOR_EACH } from './account-room.ts';
import { SettingsAccounts } from './settings-accounts.ts';
import { SoleAccount } from './sole-account.ts';
import { WorkspaceAccounts } from './workspace-accounts.ts';

export class ChannelAccounts {
  /** Of the settings. */
  readonly #accounts: readonly Account[];
  /** Where workspaces have none of their own. */
  readonly #fixed: WayIn;
  readonly #workspaces: WorkspaceAccounts;
  #way: WayIn;
  #all: readonly Account[];
  #onChange: (() => void) | undefined;

  /** @param accounts of the settings, in the order of preference. */
  constructor(accounts: readonly Account[]) {
    this.#accounts = accounts;
    this.#all = accounts;
    this.#fixed = accounts.length > 1 ? new SettingsAccounts(accounts) : new SoleAccount(accounts[0]);
    this.#workspaces = new WorkspaceAccounts(accounts);
    this.#way = this.#fixed;
  }

  /**
   * The accounts of all workspaces, in the place of those that there were: at once.
   * @param idleIn workspaces with an account that is not in use.
   */
  replaceStored(accounts: readonly StoredAccount[], idleIn: ReadonlySet<string> = new Set()): void {
    if (accounts.length === 0 && idleIn.size === 0 && this.#isFixed) return;
    this.#workspaces.replace(accounts, idleIn);
    this.#all = [...this.#accounts, ...accounts];
    this.#way = this.#isFixed ? this.#fixed : this.#workspaces;
    this.#onChange?.();
  }

  /** @param listener told when there are other accounts. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** Those that a delivery may go through now. */
  providersOf(delivery: Pick<DeliveryRecord, 'workspace' | 'app'>): readonly ConfiguredProvider[] {
    return this.#workspaces.providersOf(delivery);
  }

  get #isFixed(): boolean {
    return this.#workspaces.isEmpty;
  }

  /** Deliveries worth having in hand at once. */
  get concurrency(): number {
    if (this.#all.length === 0) return MAX_PARALLEL;
    const attempts = this.#all.reduce((sum, { provider }) => sum + parallelOf(provider), 0);
    // Those that wait for an account must not be in the way of another workspace's.
    return this.#isFixed ? attempts : attempts * (1 + WAITING_FOR_EACH);
  }

  /** Attempts that could be begun at once, by what the accounts have under way. */
  get free(): number {
    if (this.#all.length === 0) return Number.MAX_SAFE_INTEGER;
    return this.#all.reduce((sum, account) => {
      const room = this.#isFixed ? undefined : this.#workspaces.roomOf(account);
      const places = room ? Math.max(0, room.size - room.used) : Number.MAX_SAFE_INTEGER;
      return sum + Math.min(places, account.flow.free);
    }, 0);
  }

  /** Of all accounts together; undefined where one of them has no limit. */
  get ratePerSecond(): number | undefined {
    let sum = 0;
    for (const { flow } of this.#all) {
      if (flow.ratePerSecond === undefined) return undefined;
      sum += flow.ratePerSecond;
    }
    return this.#all.length === 0 ? undefined : sum;
  }

  /** Whether nothing at all can be sent now, by what is known here: as long as the first account is shut. */
  shut(): NotNow | undefined {
    let soonest: NotNow | undefined;
    for (const { flow } of this.#all) {
      const shut = flow.shut();
      if (!shut) return undefined;
      if (!soonest || shut.waitMs < soonest.waitMs) soonest = shut;
    }
    return soonest;
  }

  /** See `WayIn.permit`. */
  permit(priority: Priority, patienceMs: number, pause: Pause): Promise<Permit | NotNow> {
    return this.#way.permit(priority, patienceMs, pause);
  }

  giveBack(permit: Permit): void {
    giveBack(permit);
  }

  /** See `WayIn.enter`. */
  enter(permit: Permit, delivery: Choosing, patienceMs: number, pause: Pause): Promise<Entry | NotNow> {
    return this.#way.enter(permit, delivery, patienceMs, pause);
  }
}
