/**
 * The way in where workspaces have accounts of their own: a delivery must be known first, so that permit and attempt are
 * had together. Each account has a room, lest a slow one take the slots of the others.
 */
import { sharedDate } from '../../platform/clock/shared-clock.ts';
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import type { DeliveryRecord } from '../../subgraphs/notifications/index.ts';
import type { ConfiguredProvider } from '../channels/registry.ts';
import type { NotNow, Pause } from '../flow/provider-flow.ts';
import { parallelOf } from '../flow/provider-flows.ts';
import {
  type Account,
  type Choosing,
  type Entry,
  giveBack,
  NO_ENTRY,
  type Permit,
  type StoredAccount,
  suitableFor,
  type WayIn,
} from './account.ts';
import { AccountRoom } from './account-room.ts';
import { inOrder, opensInMs } from './account-rules.ts';
import { tryInTurn } from './try-in-turn.ts';

/** When to look again for a place, where nobody tells of it. */
const BUSY_LOOK_MS = 100;
/** For a place one waits in any case: it is free within the time of an attempt, and only so many wait. */
const LEAST_PLACE_PATIENCE_MS = 1_000;
/** So long an attempt waits with its place for another one's probe to end. */
const PROBE_PATIENCE_MS = 250;

export class WorkspaceAccounts implements WayIn {
  /** Of the settings. */
  readonly #settings: readonly Account[];
  readonly #rooms: ReadonlyMap<Account, AccountRoom>;
  /** By workspace. */
  #stored: ReadonlyMap<string, readonly StoredAccount[]> = new Map();
  /** Workspaces with an account that is not in use. */
  #idleIn: ReadonlySet<string> = new Set();

  /** @param settings those of the settings, in the order of preference. */
  constructor(settings: readonly Account[]) {
    this.#settings = settings;
    this.#rooms = new Map(
      settings.map((account) => [account, new AccountRoom(parallelOf(account.provider))]),
    );
  }

  /** The accounts of all workspaces, in the place of those that there were: at once. */
  replace(accounts: readonly StoredAccount[], idleIn: ReadonlySet<string>): void {
    this.#stored = Map.groupBy(accounts, ({ rules }) => rules.workspace);
    this.#idleIn = idleIn;
  }

  /** Whether no workspace has one, in use or not. */
  get isEmpty(): boolean {
    return this.#stored.size === 0 && this.#idleIn.size === 0;
  }

  /** Those that a delivery may go through now. */
  providersOf(delivery: Pick<DeliveryRecord, 'workspace' | 'app'>): readonly ConfiguredProvider[] {
    const own = this.#ownOf(delivery);
    const now = sharedDate();
    const open = own.filter(({ rules }) => opensInMs(rules.allowedHours, now) === 0);
    return [...open, ...this.#behind(own, delivery.workspace)].map(({ provider }) => provider);
  }

  roomOf(account: Account): AccountRoom {
    return 'room' in account ? (account as StoredAccount).room : (this.#rooms.get(account) as AccountRoom);
  }

  /** None yet: it is had with the attempt. */
  permit(): Promise<Permit> {
    return Promise.resolve({ account: undefined });
  }

  /** Accounts are asked for anew after each wait, for they may be others by then. */
  async enter(permit: Permit, delivery: Choosing, patienceMs: number, pause: Pause): Promise<Entry | NotNow> {
    giveBack(permit);
    const started = performance.now();
    for (;;) {
      const { accounts, closedMs } = this.#candidates(delivery);
      if (accounts.length === 0)
        return closedMs === undefined ? NO_ENTRY : { waitMs: closedMs, why: 'hours' };
      const answer = await this.#enterFirst(accounts, delivery, pause);
      if (!('refusedBy' in answer)) return answer;
      const { refusedBy, refused } = answer;
      const room = this.roomOf(refusedBy);
      if (room.retired) continue;
      const forPlace = refused.why === 'busy';
      const mostMs = forPlace ? Math.max(patienceMs, LEAST_PLACE_PATIENCE_MS) : patienceMs;
      const leftMs = started + mostMs - performance.now();
      const waitMs = forPlace ? leftMs : refused.waitMs;
      const waits = leftMs > 0 && waitMs <= leftMs;
      const urgent = delivery.priority === 'HIGH';
      if (waits && (await room.waitFor(() => pause(waitMs), forPlace, urgent))) continue;
      return urgent ? refused : inTurn(refused, refusedBy, room);
    }
  }

  /** Own accounts first, then those of the settings; none of those whose hours it is not. */
  #candidates(delivery: Choosing): { accounts: readonly Account[]; closedMs?: number } {
    const own = this.#ownOf(delivery);
    const behind = this.#behind(own, delivery.workspace);
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

  /**
   * Those of the settings that come after a workspace's own ones. The sandbox is for workspaces without an account: what
   * it took would be SENT, and nobody would have it, where an account is switched off, broken, or for other apps.
   */
  #behind(own: readonly StoredAccount[], workspace: string): readonly Account[] {
    const hasAccount = this.#stored.has(workspace) || this.#idleIn.has(workspace);
    if (!hasAccount) return this.#settings;
    return this.#settings.filter(
      ({ provider }) => !provider.standsIn && !own.some((account) => account.provider.id === provider.id),
    );
  }

  /**
   * The first that has a place, a permit and a closed circuit. Many messages at once are no reason to leave the order:
   * they wait for a place, but for what is urgent.
   */
  async #enterFirst(accounts: readonly Account[], { address = '', priority }: Choosing, pause: Pause) {
    const answer = await tryInTurn(
      accounts,
      (account) => enterOne(account, this.roomOf(account), address, priority, pause),
      ({ why }) => why === 'busy' && priority !== 'HIGH',
    );
    return answer ?? NO_ENTRY;
  }
}

/** The place first, and before anything is waited for: an account whose place is taken is not closed. */
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
  if (flow.free === 0 || !room.enter()) return { waitMs: BUSY_LOOK_MS, why: 'busy' };
  const refused = await flow.permit(priority, 0, pause);
  if (refused) {
    room.leave();
    return refused;
  }
  const admission = await flow.enter(
    { address, priority, patienceMs: PROBE_PATIENCE_MS, placePatienceMs: 0 },
    pause,
  );
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
        room.leave(performance.now() - started, flow.free);
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
