/** Accounts as a sender uses them, and what it gets of them. */
import type { Priority } from '../../platform/graphql/contract-enums.ts';
import type { DeliveryRecord, ProviderAccountRecord } from '../../subgraphs/notifications/index.ts';
import type { ConfiguredProvider } from '../channels/registry.ts';
import type { Admission, NotNow, Pause, ProviderFlow } from '../flow/provider-flow.ts';
import type { AccountRoom } from './account-room.ts';
import type { Ranked } from './account-rules.ts';
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
export type Choosing = Pick<DeliveryRecord, 'workspace' | 'app' | 'address' | 'attempts' | 'priority'>;

/** One message of an account's rate and quota. Without an account where none serves the channel. */
export interface Permit {
  readonly account: Account | undefined;
}

/** The right to make one attempt through an account. */
export interface Entry {
  readonly account: Account | undefined;
  readonly admission: Admission | undefined;
}
/** No account serves the channel, or takes the address: that is told by an attempt without one. */
export const NO_ENTRY: Entry = { account: undefined, admission: undefined };

/** How a message gets an account: there is one way for a single account, one for several, one for workspaces' own. */
export interface WayIn {
  /** One message of the first account that has room; waits for it up to `patienceMs`. */
  permit(priority: Priority, patienceMs: number, pause: Pause): Promise<Permit | NotNow>;
  /**
   * Enters the circuit of the permit's account, or, where that one does not suit the delivery or lets nobody through,
   * of another one that has room. The permit is used up, or given back, either way.
   */
  enter(permit: Permit, delivery: Choosing, patienceMs: number, pause: Pause): Promise<Entry | NotNow>;
}

/** A permit that is not used. */
export const giveBack = ({ account }: Permit): void => account?.flow.giveBack();

/** Best first; see `suitableAccounts`. */
export function suitableFor(accounts: readonly Account[], delivery: Choosing): readonly Account[] {
  const byProvider = new Map(accounts.map((account) => [account.provider, account]));
  return suitableAccounts([...byProvider.keys()], delivery).flatMap(
    (provider) => byProvider.get(provider) ?? [],
  );
}
