/** What the suite of two accounts does in a scenario, and what must come of it. */
import type { Message } from '../load/mix.ts';
import type { AccountName, FakeMode } from './fake-messages.ts';
import type { Evidence, Figure } from './figures.ts';

/** How an account is kept, besides its credentials. */
export interface AccountRules {
  readonly order?: number;
  readonly weight?: number;
  readonly ratePerSecond?: number;
}

/** The first account, then the second. */
export const IN_ORDER = { a: { order: 1 }, b: { order: 2 } } as const;

/** All that a running scenario can reach. */
export interface FailoverStage {
  /** How an account answers from now on. */
  mode(account: AccountName, mode: FakeMode): Promise<void>;
  /** Saves an account anew, through the graph. Only where they are of a workspace. */
  save(account: AccountName, rules: AccountRules): Promise<void>;
  /** Writes down when this is. */
  mark(name: string): void;
  /** Lets the load go on. */
  run(seconds: number): Promise<void>;
}

export interface FailoverScenario {
  /** kebab-case, for `--only`. */
  readonly name: string;
  readonly title: string;
  /** A sentence or two for the report. */
  readonly about: string;
  /** Part of the short form, which the tests run. */
  readonly short?: boolean;
  /** Where the accounts are kept: in a workspace (the default), or in the settings. */
  readonly from?: 'workspace' | 'settings';
  readonly accounts: Readonly<Record<AccountName, AccountRules>>;
  /** Of all messages together, by form. Default 300 and 90. */
  readonly ratePerSecond?: { readonly long: number; readonly short: number };
  /** The n-th message; by default two of three are SMS, the others webhooks. */
  readonly messageOf?: (prefix: string, n: number) => Message;
  /** How long the system may take to drain after the load ends. Default 60 s. */
  readonly drainSeconds?: number;
  /** Messages that may end FAILED: nobody knows whether they went out. Default 0. */
  readonly failedAtMost?: number;
  readonly act: (stage: FailoverStage, short: boolean) => Promise<void>;
  readonly judge: (evidence: Evidence, short: boolean) => readonly Figure[];
}
