/** What operators are told of the provider accounts of the settings. Pure. */
import type { SettingsAccount } from '../../platform/provider-health/settings-accounts.ts';
import { publishedDefinition } from '../accounts/published-definition.ts';
import { PROVIDER_CHANNELS, type ProviderChannel } from '../channels/contract.ts';
import type { ConfiguredProvider, ProviderSet } from '../channels/registry.ts';
import type { AccountLimits } from '../flow/permits.ts';

/** Each account of a set once, with the channels that it serves there. */
export function accountsOf(
  set: Pick<ProviderSet, 'accountsFor'>,
): ReadonlyMap<ConfiguredProvider, readonly ProviderChannel[]> {
  const found = new Map<ConfiguredProvider, ProviderChannel[]>();
  for (const channel of PROVIDER_CHANNELS)
    for (const account of set.accountsFor(channel))
      found.set(account, [...(found.get(account) ?? []), channel]);
  return found;
}

/** Without its secrets. */
export function toldAccount(
  { id, definition, config, provider }: ConfiguredProvider,
  channels: readonly ProviderChannel[],
  { ratePerSecond, dailyQuota }: AccountLimits,
): SettingsAccount {
  const { secretFields, configSchema } = publishedDefinition(definition);
  const { properties = {} } = JSON.parse(configSchema) as { readonly properties?: object };
  // What the provider does not know may be a secret under a name that is misspelt.
  const given = Object.entries(isObject(config) ? config : {}).filter(
    ([field, value]) => value !== undefined && field in properties,
  );
  return {
    id,
    provider: definition.id,
    channels: [...channels],
    config: Object.fromEntries(given.filter(([field]) => !secretFields.includes(field))),
    secretsSet: given.map(([field]) => field).filter((field) => secretFields.includes(field)),
    receipts: provider.parseReceipts !== undefined,
    ...(ratePerSecond !== undefined && { ratePerSecond }),
    ...(dailyQuota !== undefined && { dailyQuota }),
  };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
