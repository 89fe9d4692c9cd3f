/**
 * The accounts that serve one channel, as a sender uses them: the first with room and a closed circuit sends. As long
 * as there are those of the settings alone, all deliveries are alike and a permit is had before the claim. Once
 * workspaces have accounts of their own, a delivery must be known first: permit and attempt are had together.
 */
import { sharedDate } from '../../platform/clock/shared-clock.ts';
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import type { DeliveryRecord, ProviderAccountRecord } from '../../subgraphs/notifications/index.ts';
import type { ConfiguredProvider } from '../channels/registry.ts';
import type { Admission, NotNow, Pause, ProviderFlow } from '../flow/provider-flow.ts';
import { AccountRoom, WAITING_FOR_EACH } from './account-room.ts';
import { inOrder, opensInMs, type Ranked } from './account-rules.ts';
import { suitableAccounts } from './choose-account.ts';

export interface Account {
  readonly provider: ConfiguredProvider;
  readonly flow: ProviderFlow;
}

/** An account of a workspace. */
export interface StoredAccount extends Account {
  /** Its own over all channels. */
  readonly room: AccountRoom;
  readonly rules: Ranked & Pick<ProviderAccountRecord, 'workspace' | 'apps' | 'allowedHours'>;
}

/** What the choice goes by. */
type Choosing = Pick<DeliveryRecord, 'workspace' | 'app' | 'address' | 'attempts' | 'priority'>;

/** One message of an account's rate and quota. Without an account where none serves the channel. */
export interface Permit {
  readonly account: Account | undefined;
}

/** The right to make one attempt through an account. */
export interface Entry {
  readonly account: Account | undefined;
  readonly admission: Admission | undefined;
}

/** Attempts of one channel that run side by side in one process, where the provider does not say how many. */
const MAX_PARALLEL = 50;

/** Attempts worth having under way at once through an account, in one process. */
export const parallelOf = ({ provider }: ConfiguredProvider): number => provider.concurrency ?? MAX_PARALLEL;

export class ChannelAccounts {
  /** Of the settings. */
  readonly #accounts: readonly Account[];
  readonly #rooms: ReadonlyMap<Account, AccountRoom>;
  /** By workspace. */
  #stored: ReadonlyMap<string, readonly StoredAccount[]> = new Map();
  #all: readonly Account[];
  #onChange: (() => void) | undefined;

  /** @param accounts in the order of preference. */
  constructor(accounts: readonly Account[]) {
    this.#accounts = accounts;
    this.#all = accounts;
    this.#rooms = new Map(
      accounts.map((account) => [account, new AccountRoom(parallelOf(account.provider))]),
    );
  }

  /** The accounts of all workspaces, in the place of those that there were: at once. */
  replaceStored(accounts: readonly StoredAccount[]): void {
    if (accounts.length === 0 && this.#stored.size === 0) return;
    this.#stored = Map.groupBy(accounts, ({ rules }) => rules.workspace);
    this.#all = [...this.#accounts, ...accounts];
    this.#onChange?.();
  }

  /** @param listener told when there are other accounts. */
  onChange(listener: () => void): void {
    this.#onChange = listener;
  }

  /** Those that a delivery may go through now. */
  providersOf(delivery: Pick<DeliveryRecord, 'workspace' | 'app'>): readonly ConfiguredProvider[] {
    const own = this.#ownOf(delivery);
    const now = sharedDate();
    const open = own.filter(({ rules }) => opensInMs(rules.allowedHours, now) === 0);
    return [...open, ...this.#behind(own)].map(({ provider }) => provider);
  }

  get #isFixed(): boolean {
    return this.#stored.size === 0;
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
    if (this.#isFixed) return Number.MAX_SAFE_INTEGER;
    return this.#all.reduce((sum, account) => {
      const { size, used } = this.#roomOf(account);
      return sum + Math.max(0, size - used);
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

  /** One message of the first account that has room; waits for it up to `patienceMs`. */
  async permit(priority: Priority, patienceMs: number, pause: Pause): Promise<Permit | NotNow> {
    if (!this.#isFixed) return { account: undefined };
    const [only, ...more] = this.#accounts;
    if (!only) return { account: undefined };
    if (more.length === 0) return (await only.flow.permit(priority, patienceMs, pause)) ?? { account: only };
    const end = performance.now() + patienceMs;
    for (;;) {
      const answer = await firstPermit(this.#accounts, priority, pause);
      if ('account' in answer) return answer;
      if (performance.now() + answer.waitMs > end || !(await pause(answer.waitMs))) return answer;
    }
  }

  giveBack({ account }: Permit): void {
    account?.flow.giveBack();
  }

  /**
   * Enters the circuit of the permit's account, or, where that one does not suit the delivery or lets nobody through,
   * of another one that has room. The permit is used up, or given back, either way.
   */
  async enter(permit: Permit, delivery: Choosing, patienceMs: number, pause: Pause): Promise<Entry | NotNow> {
    if (!this.#isFixed) {
      this.giveBack(permit);
      return this.#enterOwn(delivery, patienceMs, pause);
    }
    const { address = '' } = delivery;
    const [only, ...more] = this.#accounts;
    if (!only || (more.length === 0 && takes(only, address))) {
      const admission = await only?.flow.enter(address, patienceMs, pause);
      if (admission && 'waitMs' in admission) {
        this.giveBack(permit);
        return admission;
      }
      return { account: only, admission };
    }
    return this.#enterOneOf(permit, delivery, patienceMs, pause);
  }

  async #enterOneOf(
    permit: Permit,
    delivery: Choosing,
    patienceMs: number,
    pause: Pause,
  ): Promise<Entry | NotNow> {
    const suitable = suitableFor(this.#accounts, delivery);
    // None takes such an address: that is told by an attempt without an account.
    if (suitable.length === 0) {
      this.giveBack(permit);
      return { account: undefined, admission: undefined };
    }
    let held: Account | undefined = permit.account;
    let soonest: NotNow | undefined;
    for (const account of suitable) {
      if (account !== held) {
        const refused = account.flow.shut() ?? (await account.flow.permit(delivery.priority, 0, pause));
        if (refused) {
          soonest = sooner(soonest, refused);
          continue;
        }
        held?.flow.giveBack();
        held = account;
      }
      // There is no waiting for one while another could send.
      const isLast = account === suitable.at(-1);
      const admission = await account.flow.enter(delivery.address ?? '', isLast ? patienceMs : 0, pause);
      if (!('waitMs' in admission)) return { account, admission };
      held.flow.giveBack();
      held = undefined;
      soonest = sooner(soonest, admission);
    }
    held?.flow.giveBack();
    return soonest ?? { waitMs: 0, why: 'circuit' };
  }

  /** Where workspaces have accounts of their own: asked for anew after each wait, for they may be others by then. */
  async #enterOwn(delivery: Choosing, patienceMs: number, pause: Pause): Promise<Entry | NotNow> {
    const started = performance.now();
    for (;;) {
      const { accounts, closedMs } = this.#candidates(delivery);
      if (accounts.length === 0)
        return closedMs === undefined ? NO_ENTRY : { waitMs: closedMs, why: 'hours' };
      const answer = await this.#enterFirst(accounts, delivery, pause);
      if (!('refusedBy' in answer)) return answer;
      const { refusedBy, refused } = answer;
      const room = this.#roomOf(refusedBy);
      if (room.retired) continue;
      const forPlace = refused.why === 'busy';
      const mostMs = forPlace ? Math.max(patienceMs, PLACE_PATIENCE_MS) : patienceMs;
      const leftMs = started + mostMs - performance.now();
      const waitMs = forPlace ? leftMs : refused.waitMs;
      const waits = leftMs > 0 && waitMs <= leftMs;
      if (waits && (await room.waitFor(() => pause(waitMs), forPlace))) continue;
      return delivery.priority === 'HIGH' ? refused : inTurn(refused, refusedBy, room);
    }
  }

  /** Own accounts first, then those of the settings; none of those whose hours it is not. */
  #candidates(delivery: Choosing): { accounts: readonly Account[]; closedMs?: number } {
    const own = this.#ownOf(delivery);
    const behind = this.#behind(own);
    const now = sharedDate();
    let closedMs: number | undefined;
    const open = own.filter(({ rules }) => {
      const waitMs = opensInMs(rules.allowedHours, now);
      if (waitMs > 0) closedMs = Math.min(closedMs ?? waitMs, waitMs);
      return waitMs === 0;
    });
    const accounts = suitableFor([...inOrder(open, ({ rules }) => rules, Math.random), ...behind], delivery);
    return { accounts, ...(closedMs !== undefined && { closedMs }) };
  }

  #ownOf({ workspace, app }: Pick<DeliveryRecord, 'workspace' | 'app'>): readonly StoredAccount[] {
    const all = this.#stored.get(workspace) ?? [];
    return all.filter(({ rules }) => rules.apps?.includes(app) ?? true);
  }

  /** Those of the settings that come after a workspace's own ones. */
  #behind(own: readonly StoredAccount[]): readonly Account[] {
    if (own.length === 0) return this.#accounts;
    return this.#accounts.filter(
      ({ provider }) => !provider.standsIn && !own.some((account) => account.provider.id === provider.id),
    );
  }

  #roomOf(account: Account): AccountRoom {
    return 'room' in account ? (account as StoredAccount).room : (this.#rooms.get(account) as AccountRoom);
  }

  /**
   * The first that has a place, a permit and a closed circuit. Many messages at once are no reason to leave the order:
   * they wait for a place, but for what is urgent.
   */
  async #enterFirst(
    accounts: readonly Account[],
    { address = '', priority }: Choosing,
    pause: Pause,
  ): Promise<Entry | { readonly refusedBy: Account; readonly refused: NotNow }> {
    let soonest: { refusedBy: Account; refused: NotNow } | undefined;
    for (const account of accounts) {
      // The place first, and before anything is waited for: an account whose place is taken is not closed.
      const answer = await enterOne(account, this.#roomOf(account), address, priority, pause);
      if (!('waitMs' in answer)) return answer;
      if (answer.why === 'busy' && priority !== 'HIGH') return { refusedBy: account, refused: answer };
      if (!soonest || answer.waitMs < soonest.refused.waitMs)
        soonest = { refusedBy: account, refused: answer };
    }
    return soonest ?? NO_ENTRY;
  }
}

const NO_ENTRY: Entry = { account: undefined, admission: undefined };
/** When to look again for a place, where nobody tells of it. */
const BUSY_LOOK_MS = 100;
/** For a place one waits in any case: it is free within the time of an attempt, and only so many wait. */
const PLACE_PATIENCE_MS = 1_000;
/** So long an attempt waits with its place for another one's probe to end. */
const PROBE_PATIENCE_MS = 250;

async function enterOne(
  account: Account,
  room: AccountRoom,
  address: string,
  priority: Priority,
  pause: Pause,
): Promise<Entry | NotNow> {
  const { flow } = account;
  const shut = flow.shut();
  if (shut) return shut;
  if (!room.enter()) return { waitMs: BUSY_LOOK_MS, why: 'busy' };
  const refused = await flow.permit(priority, 0, pause);
  if (refused) {
    room.leave();
    return refused;
  }
  const admission = await flow.enter(address, PROBE_PATIENCE_MS, pause);
  if ('waitMs' in admission) {
    flow.giveBack();
    room.leave();
    return admission;
  }
  const started = performance.now();
  return {
    account,
    admission: {
      done: (outcome) => {
        admission.done(outcome);
        room.leave(performance.now() - started);
      },
      unused: () => {
        admission.unused();
        room.leave();
      },
    },
  };
}

/** Those that an account has no room for come back one after the other. */
function inTurn(refused: NotNow, { flow }: Account, room: AccountRoom): NotNow {
  if (refused.why === 'busy') return { ...refused, waitMs: room.turn() };
  if (refused.why !== 'rate' || flow.ratePerSecond === undefined) return refused;
  return { ...refused, waitMs: Math.max(refused.waitMs, room.turn(1_000 / flow.ratePerSecond)) };
}

/** Best first; see `suitableAccounts`. */
function suitableFor(accounts: readonly Account[], delivery: Choosing): readonly Account[] {
  const byProvider = new Map(accounts.map((account) => [account.provider, account]));
  return suitableAccounts([...byProvider.keys()], delivery).flatMap(
    (provider) => byProvider.get(provider) ?? [],
  );
}

async function firstPermit(
  accounts: readonly Account[],
  priority: Priority,
  pause: Pause,
): Promise<Permit | NotNow> {
  let soonest: NotNow | undefined;
  for (const account of accounts) {
    const refused = account.flow.shut() ?? (await account.flow.permit(priority, 0, pause));
    if (!refused) return { account };
    soonest = sooner(soonest, refused);
  }
  return soonest ?? { account: undefined };
}

const takes = ({ provider }: Account, address: string): boolean =>
  provider.definition.takes?.(address) ?? true;
const sooner = (a: NotNow | undefined, b: NotNow): NotNow => (a && a.waitMs <= b.waitMs ? a : b);
