/** Provider accounts, for operators. */
import { requirePrincipal } from '../../../platform/auth/principal.ts';
import { badInput } from '../../../platform/errors/herald-error.ts';
import { providerAccountKey } from '../../../platform/names/ids.ts';
import type { MutationResolvers, ProviderAccountResolvers, QueryResolvers } from '../generated/types.ts';
import { shownConfig } from '../provider-accounts/account-service.ts';
import { testAccount } from '../provider-accounts/test-account.ts';
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
      async providerAccounts(_, _args, context) {
        return [...(await accounts.list(requirePrincipal(context, 'operator').workspace))];
      },
    },
    mutations: {
      saveProviderAccount: (_, { input }, context) =>
        accounts.save(requirePrincipal(context, 'operator'), input),
      setProviderAccountEnabled: (_, { id, enabled }, context) =>
        accounts.setEnabled(requirePrincipal(context, 'operator'), id, enabled),
      async deleteProviderAccount(_, { id }, context) {
        await accounts.delete(requirePrincipal(context, 'operator'), id);
        return id;
      },
      async testProvider(_, { id, to }, context) {
        const operator = requirePrincipal(context, 'operator');
        if (to.length === 0 || to.length > MAX_ADDRESS_CHARS)
          throw badInput('to', `It must have 1 to ${MAX_ADDRESS_CHARS} characters.`);
        const account = await accounts.account(operator.workspace, id);
        await accounts.noteTest(operator, account, to);
        const { code, message, providerMessageId, ...told } = await testAccount(
          { workspace: operator.workspace, account: id, to },
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
      config: shownConfig,
      channels: ({ channels }) => (channels ? [...channels] : null),
      apps: ({ apps }) => (apps ? [...apps] : null),
      secretsSet: ({ secrets }) => Object.keys(secrets),
      receiptPath: ({ workspace, id }) => `/receipts/${providerAccountKey(workspace, id)}`,
      updatedBy: ({ by }) => by,
    },
  };
}
