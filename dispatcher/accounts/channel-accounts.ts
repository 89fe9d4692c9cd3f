/** The accounts that serve one channel, as a sender uses them: the first with room and a closed circuit sends. */
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import type { DeliveryRecord } from '../../subgraphs/notifications/index.ts';
import type { ConfiguredProvider } from '../channels/registry.ts';
import type { Admission, NotNow, Pause, ProviderFlow } from '../flow/provider-flow.ts';
import { suitableAccounts } from './choose-account.ts';

export interface Account {
  readonly provider: ConfiguredProvider;
  readonly flow: ProviderFlow;
}

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

export class ChannelAccounts {
  readonly #accounts: readonly Account[];

  /** @param accounts in the order of preference. */
  constructor(accounts: readonly Account[]) {
    this.#accounts = accounts;
  }

  get providers(): readonly ConfiguredProvider[] {
    return this.#accounts.map(({ provider }) => provider);
  }

  /** Attempts worth having under way at once. */
  get concurrency(): number {
    if (this.#accounts.length === 0) return MAX_PARALLEL;
    return this.#accounts.reduce(
      (sum, { provider }) => sum + (provider.provider.concurrency ?? MAX_PARALLEL),
      0,
    );
  }

  /** Of all accounts together; undefined where one of them has no limit. */
  get ratePerSecond(): number | undefined {
    let sum = 0;
    for (const { flow } of this.#accounts) {
      if (flow.ratePerSecond === undefined) return undefined;
      sum += flow.ratePerSecond;
    }
    return this.#accounts.length === 0 ? undefined : sum;
  }

  /** Whether nothing at all can be sent now, by what is known here: as long as the first account is shut. */
  shut(): NotNow | undefined {
    let soonest: NotNow | undefined;
    for (const { flow } of this.#accounts) {
      const shut = flow.shut();
      if (!shut) return undefined;
      if (!soonest || shut.waitMs < soonest.waitMs) soonest = shut;
    }
    return soonest;
  }

  /** One message of the first account that has room; waits for it up to `patienceMs`. */
  async permit(priority: Priority, patienceMs: number, pause: Pause): Promise<Permit | NotNow> {
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
  async enter(
    permit: Permit,
    delivery: Pick<DeliveryRecord, 'address' | 'attempts' | 'priority'>,
    patienceMs: number,
    pause: Pause,
  ): Promise<Entry | NotNow> {
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
    delivery: Pick<DeliveryRecord, 'address' | 'attempts' | 'priority'>,
    patienceMs: number,
    pause: Pause,
  ): Promise<Entry | NotNow> {
    const suitable = suitableAccounts(this.providers, delivery);
    const inOrder = suitable.flatMap(
      (provider) => this.#accounts.find((one) => one.provider === provider) ?? [],
    );
    // None takes such an address: that is told by an attempt without an account.
    if (inOrder.length === 0) {
      this.giveBack(permit);
      return { account: undefined, admission: undefined };
    }
    let held: Account | undefined = permit.account;
    let soonest: NotNow | undefined;
    for (const account of inOrder) {
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
      const isLast = account === inOrder.at(-1);
      const admission = await account.flow.enter(delivery.address ?? '', isLast ? patienceMs : 0, pause);
      if (!('waitMs' in admission)) return { account, admission };
      held.flow.giveBack();
      held = undefined;
      soonest = sooner(soonest, admission);
    }
    held?.flow.giveBack();
    return soonest ?? { waitMs: 0, why: 'circuit' };
  }
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
