/** Provider accounts, for operators. */
import DataLoader from 'dataloader';
import {
  type OperatorPrincipal,
  type RequestContext,
  requirePrincipal,
} from '../../../platform/auth/principal.ts';
import { sharedNow } from '../../../platform/clock/shared-clock.ts';
import { badInput, HeraldError, notFound } from '../../../platform/errors/herald-error.ts';
import type {
  MutationResolvers,
  ProviderAccountResolvers,
  ProviderAccountSource,
  QueryResolvers,
} from '../generated/types.ts';
import { type HealthFacts, healthOf } from '../provider-accounts/account-health.ts';
import type { ProviderAccountRecord } from '../provider-accounts/account-record.ts';
import { type AccountView, viewOf, viewsOfSettings } from '../provider-accounts/account-view.ts';
import { HealthReader } from '../provider-accounts/read-health.ts';
import { testAccount } from '../provider-accounts/test-account.ts';
import { countTest } from '../provider-accounts/test-limit.ts';
import type { ResolverDeps } from './deps.ts';

const MAX_ADDRESS_CHARS = 2_000;

export function providerAccountResolvers(deps: ResolverDeps): {
  readonly queries: Required<Pick<QueryResolvers, 'providers' | 'providerAccounts'>>;
  readonly mutations: Required<
    Pick<
      MutationResolvers,
      'saveProviderAccount' | 'setProviderAccountEnabled' | 'deleteProviderAccount' | 'testProvider'
    >
  >;
  readonly ProviderAccount: ProviderAccountResolvers;
} {
  const { providerAccounts: accounts } = deps;
  const reader = new HealthReader(deps.redis, deps.names, deps.log);
  const factsOf = factsLoader(reader);

  /** What is wanted of an account of the workspace; where there is none but one of the settings, that is said. */
  async function changing<T>(id: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof HeraldError) || error.code !== 'NOT_FOUND') throw error;
      const ofSettings = (await reader.settingsAccounts()).some((account) => account.id === id);
      if (!ofSettings) throw error;
      throw badInput(
        'id',
        `"${id}" comes from the settings of the dispatchers: change it there. An account of the workspace with its id takes its place.`,
      );
    }
  }

  async function shown(record: ProviderAccountRecord): Promise<AccountView> {
    const definitions = await accounts.definitions();
    return viewOf(
      record,
      definitions.find(({ _id }) => _id === record.provider),
    );
  }

  /**
   * The account that is to be tested.
   * @param source that of the workspace without it, where there is one; else that of the settings.
   */
  async function tested(
    { workspace }: OperatorPrincipal,
    id: string,
    source: ProviderAccountSource | null | undefined,
  ): Promise<{ account: string; ofSettings?: true }> {
    try {
      if (source !== 'SETTINGS') return { account: (await accounts.account(workspace, id)).id };
    } catch (error) {
      if (source != null || !(error instanceof HeraldError) || error.code !== 'NOT_FOUND') throw error;
    }
    if (!(await reader.settingsAccounts()).some((account) => account.id === id))
      throw notFound('provider account', id);
    return { account: id, ofSettings: true };
  }

  return {
    queries: {
      async providers(_, _args, context) {
        requirePrincipal(context, 'operator');
        const all = await accounts.definitions();
        return all.map(({ _id, name, channels, configSchema, secretFields, installation }) => ({
          id: _id,
          name,
          channels: [...channels],
          configSchema: JSON.parse(configSchema) as unknown,
          secretFields: [...secretFields],
          installation,
        }));
      },
      async providerAccounts(_, { includeSettings }, context) {
        const { workspace, root } = requirePrincipal(context, 'operator');
        const [own, definitions, ofSettings] = await Promise.all([
          accounts.list(workspace),
          accounts.definitions(),
          includeSettings === false ? [] : reader.settingsAccounts(),
        ]);
        const byProvider = new Map(definitions.map((definition) => [definition._id, definition]));
        return [
          ...own.map((account) => viewOf(account, byProvider.get(account.provider))),
          ...viewsOfSettings(ofSettings, own, root),
        ];
      },
    },
    mutations: {
      saveProviderAccount: async (_, { input }, context) =>
        shown(await accounts.save(requirePrincipal(context, 'operator'), input)),
      async setProviderAccountEnabled(_, { id, enabled }, context) {
        const operator = requirePrincipal(context, 'operator');
        return shown(await changing(id, () => accounts.setEnabled(operator, id, enabled)));
      },
      async deleteProviderAccount(_, { id }, context) {
        const operator = requirePrincipal(context, 'operator');
        await changing(id, () => accounts.delete(operator, id));
        return id;
      },
      async testProvider(_, { id, to, source }, context) {
        const operator = requirePrincipal(context, 'operator');
        if (to.trim() === '' || to.length > MAX_ADDRESS_CHARS || /[\p{Cc}\p{Cs}]/u.test(to))
          throw badInput('to', `It must have 1 to ${MAX_ADDRESS_CHARS} printable characters.`);
        const account = await tested(operator, id, source);
        await countTest(operator.workspace, deps.redis, deps.names);
        await accounts.noteTest(operator, id, to);
        const { code, message, providerMessageId, ...told } = await testAccount(
          { workspace: operator.workspace, ...account, to },
          deps,
        );
        return {
          ...told,
          code: code ?? null,
          message: message ?? null,
          providerMessageId: providerMessageId ?? null,
        };
      },
    },
    ProviderAccount: {
      health: async (account, _args, context) =>
        healthOf(account, await factsOf(context).load(account.key), sharedNow()),
    },
  };
}

/** The accounts of one request are asked for together. */
function factsLoader(
  reader: HealthReader,
): (context: RequestContext) => DataLoader<string, HealthFacts | undefined> {
  const byContext = new WeakMap<RequestContext, DataLoader<string, HealthFacts | undefined>>();
  return (context) => {
    let loader = byContext.get(context);
    if (!loader) {
      loader = new DataLoader((keys) => reader.facts(keys));
      byContext.set(context, loader);
    }
    return loader;
  };
}
