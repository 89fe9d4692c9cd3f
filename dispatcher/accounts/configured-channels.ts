/** The channels that an app of a workspace can be sent on: by accounts of the settings, or of the workspace. */
import type { Channel } from '../../platform/graphql/contract-enums.ts';
import type { LiveAccount } from './stored-accounts.ts';

/** What is sent for. */
export interface Sending {
  readonly workspace: string;
  readonly app: string;
}

export class ConfiguredChannels {
  readonly #settings: ReadonlySet<Channel>;
  #byWorkspace: ReadonlyMap<string, readonly LiveAccount[]> = new Map();

  /** @param settings the channels of the settings' accounts, and IN_APP. */
  constructor(settings: ReadonlySet<Channel>) {
    this.#settings = settings;
  }

  replaceStored(accounts: readonly LiveAccount[]): void {
    this.#byWorkspace = Map.groupBy(accounts, ({ record }) => record.workspace);
  }

  of({ workspace, app }: Sending): ReadonlySet<Channel> {
    const own = this.#byWorkspace.get(workspace);
    if (!own) return this.#settings;
    const usable = own.filter(({ record }) => record.apps?.includes(app) ?? true);
    return new Set<Channel>([...this.#settings, ...usable.flatMap(({ channels }) => channels)]);
  }
}
