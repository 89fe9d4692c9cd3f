/**
 * The accounts that operators keep in the store, of all workspaces, ready to send. A change is taken up when it is
 * told of, without a restart: the new provider takes over at once, and the former one is closed when its attempts
 * have ended.
 */
import { messageOf } from '../../platform/errors/message-of.ts';
import type { Channel } from '../../platform/graphql/contract-enums.ts';
import type { InvalidationBus } from '../../platform/invalidation/invalidation-bus.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { providerAccountKey } from '../../platform/names/ids.ts';
import type { SecretBox } from '../../platform/secrets/secret-box.ts';
import type { ProviderAccountRecord, ProviderAccountStore } from '../../subgraphs/notifications/index.ts';
import type { ProviderChannel } from '../channels/contract.ts';
import { type AccountDeps, type ConfiguredProvider, createAccount, PROVIDERS } from '../channels/registry.ts';
import { parallelOf } from '../flow/provider-flows.ts';
import { AccountRoom } from './account-room.ts';
import { hasStoredAccounts, publishedDefinition } from './published-definition.ts';

/** Told changes can be missed: this often the store is asked anyway. */
const LOOK_MS = 10_000;

/** An account of a workspace, ready to send. */
export interface LiveAccount {
  readonly record: ProviderAccountRecord;
  readonly provider: ConfiguredProvider;
  readonly channels: readonly ProviderChannel[];
  readonly room: AccountRoom;
}

/** An account of a workspace that nothing is sent through. */
export interface IdleAccount {
  readonly record: ProviderAccountRecord;
  /** Those that it would serve. */
  readonly channels: readonly Channel[];
  /** It cannot be used as it is; the others are switched off. */
  readonly isBroken: boolean;
}

/** What is known of an account in its revision. One that is switched off is ready, too: for receipts of what it sent. */
interface Known {
  readonly revision: string;
  readonly ready?: LiveAccount;
  readonly idle?: IdleAccount;
}

type ChangeListener = (live: readonly LiveAccount[], idle: readonly IdleAccount[]) => void;

export interface StoredAccountsDeps {
  readonly store: Pick<ProviderAccountStore, 'publish' | 'all' | 'configOf' | 'tellProblem'>;
  readonly bus: Pick<InvalidationBus, 'onInvalidation'>;
  readonly box: SecretBox;
  readonly accountDeps: AccountDeps;
  readonly log: Logger;
  /** See `LOOK_MS`; other ones for tests. */
  readonly lookMs?: number;
}

export class StoredAccounts {
  readonly #deps: StoredAccountsDeps;
  readonly #listeners: ChangeListener[] = [];
  /** By key. */
  #known: ReadonlyMap<string, Known> = new Map();
  #live: readonly LiveAccount[] = [];
  #idle: readonly IdleAccount[] = [];
  readonly #retiring = new Set<Promise<void>>();
  #reloading: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: StoredAccountsDeps) {
    this.#deps = deps;
  }

  /** Tells which providers there are, and resolves when all accounts are ready. @throws what the store throws. */
  async start(): Promise<void> {
    const { bus, store, log } = this.#deps;
    await store.publish(PROVIDERS.filter(hasStoredAccounts).map(publishedDefinition));
    const reload = () => void this.reload();
    bus.onInvalidation(({ topic }) => {
      if (topic === 'provider') reload();
    }, reload);
    await this.#load();
    this.#timer = setInterval(reload, this.#deps.lookMs ?? LOOK_MS);
    if (this.#live.length > 0) log.info({ accounts: this.#live.length }, 'provider accounts of workspaces');
  }

  get live(): readonly LiveAccount[] {
    return this.#live;
  }

  /** By its key (see `providerAccountKey`), in use or switched off; undefined for one that cannot be used. */
  account(key: string): ConfiguredProvider | undefined {
    return this.#known.get(key)?.ready?.provider;
  }

  /** Called with the accounts in use, and with the others, now and whenever they change. */
  onChange(listener: ChangeListener): void {
    this.#listeners.push(listener);
    listener(this.#live, this.#idle);
  }

  /** Never throws: what cannot be read now is read at the next look, and the accounts stay as they are. */
  reload(): Promise<void> {
    if (this.#reloading) {
      this.#again = true;
      return this.#reloading;
    }
    this.#reloading = this.#loadUntilSettled().finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  /** When nothing is sent any more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#reloading;
    for (const account of readyOf(this.#known)) this.#retire(account);
    await Promise.all(this.#retiring);
  }

  async #loadUntilSettled(): Promise<void> {
    do {
      this.#again = false;
      try {
        if (!this.#closed) await this.#load();
      } catch (error) {
        this.#deps.log.warn({ err: error }, 'provider accounts not read: they stay as they are for now');
      }
    } while (this.#again);
  }

  async #load(): Promise<void> {
    const records = await this.#deps.store.all();
    const former = this.#known;
    const entries = await Promise.all(
      records.map(async (record) => {
        const key = providerAccountKey(record.workspace, record.id);
        const known = former.get(key);
        return [key, known?.revision === record.revision ? known : await this.#create(record, key)] as const;
      }),
    );
    const next = new Map(entries);
    const isNew = next.size !== former.size || entries.some(([key, known]) => former.get(key) !== known);
    if (!isNew) return;
    const ready = readyOf(next);
    this.#known = next;
    this.#live = [...next.values()].flatMap((known) => (known.idle ? [] : (known.ready ?? [])));
    this.#idle = [...next.values()].flatMap(({ idle }) => idle ?? []);
    // At one stroke: nobody gets an account that is gone from here on.
    for (const listener of this.#listeners) listener(this.#live, this.#idle);
    for (const account of readyOf(former)) if (!ready.includes(account)) this.#retire(account);
  }

  async #create(record: ProviderAccountRecord, key: string): Promise<Known> {
    const { store, log } = this.#deps;
    const made = await createStored(record, key, this.#deps);
    const { workspace, id: account, provider, revision, enabled } = record;
    const fields = { workspace, account, provider };
    const problem = 'problem' in made ? made.problem : undefined;
    if (problem !== undefined) log.warn({ ...fields, problem }, 'provider account cannot be used');
    else log.info(fields, enabled ? 'provider account ready' : 'provider account is switched off');
    await store.tellProblem(record, problem).catch((error: unknown) => {
      log.warn({ ...fields, err: error }, 'not told whether the provider account can be used');
    });
    const ready =
      'problem' in made ? undefined : { record, ...made, room: new AccountRoom(parallelOf(made.provider)) };
    const channels = ready?.channels ?? record.channels ?? channelsOf(provider);
    return {
      revision,
      ...(ready && { ready }),
      ...((!ready || !enabled) && { idle: { record, channels, isBroken: enabled } }),
    };
  }

  #retire({ record, provider, room }: LiveAccount): void {
    const closed = room
      .retire()
      .then(() => provider.provider.close?.())
      .catch((error: unknown) => {
        this.#deps.log.warn({ err: error, account: record.id }, 'former provider account not closed');
      })
      .finally(() => this.#retiring.delete(closed));
    this.#retiring.add(closed);
  }
}

const readyOf = (known: ReadonlyMap<string, Known>): readonly LiveAccount[] =>
  [...known.values()].flatMap(({ ready }) => ready ?? []);

const channelsOf = (provider: string): readonly Channel[] =>
  PROVIDERS.find(({ id }) => id === provider)?.channels ?? [];

/** Creates the provider of a stored account; `problem`: why it cannot be used, for operators. */
export async function createStored(
  record: ProviderAccountRecord,
  key: string,
  deps: Pick<StoredAccountsDeps, 'box' | 'accountDeps'> & {
    readonly store: Pick<ProviderAccountStore, 'configOf'>;
  },
): Promise<Pick<LiveAccount, 'provider' | 'channels'> | { readonly problem: string }> {
  const definition = PROVIDERS.find(({ id }) => id === record.provider);
  if (!definition) return { problem: `This dispatcher has no provider "${record.provider}".` };
  try {
    const created = await createAccount(
      definition,
      {
        id: record.id,
        key,
        // Tokens that were made for other credentials are not met again.
        shareAs: `${key}.${record.revision}`,
        config: await deps.store.configOf(record, deps.box),
        settingOf: (field) => (field === '' ? 'config' : `config.${field}`),
      },
      deps.accountDeps,
    );
    if ('problems' in created) return { problem: created.problems.join('; ') };
    const { channels, ...provider } = created;
    const chosen: readonly Channel[] | undefined = record.channels;
    if (chosen && !channels.some((one) => chosen.includes(one))) {
      await created.provider.close?.();
      return {
        problem: `As it is configured it serves ${channels.join(', ')}, and of its \`channels\` (${chosen.join(', ')}) none.`,
      };
    }
    return { provider, channels: chosen ? channels.filter((one) => chosen.includes(one)) : channels };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}
