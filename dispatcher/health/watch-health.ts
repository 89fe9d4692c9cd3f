/** Puts together what tells of the health of provider accounts. */
import type { Settings } from '../../platform/config/settings.ts';
import type { Connections } from '../../platform/lifecycle/connections.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { providerAccountKey } from '../../platform/names/ids.ts';
import type { LiveAccount } from '../accounts/stored-accounts.ts';
import type { ProviderSet } from '../channels/registry.ts';
import type { ProviderFlow } from '../flow/provider-flow.ts';
import type { ProviderFlows } from '../flow/provider-flows.ts';
import { HealthPublisher } from './health-publisher.ts';
import { SETTINGS_REVISION, startProviderChecks } from './provider-checks.ts';
import { accountsOf, toldAccount } from './settings-accounts.ts';

export function watchHealth(deps: {
  settings: Pick<Settings, 'PROVIDER_CHECK_INTERVAL_MS'>;
  connections: Pick<Connections, 'redis' | 'names'>;
  /** Of the settings. */
  providers: Pick<ProviderSet, 'accountsFor'>;
  /** Of workspaces, now. */
  live: () => readonly LiveAccount[];
  flowOf: ProviderFlows['flowOf'];
  flowOfLive: (account: LiveAccount) => ProviderFlow;
  circuits: ProviderFlows['circuits'];
  log: Logger;
}): { close(): Promise<void> } {
  const { live, flowOf, flowOfLive, log } = deps;
  const { redis, names } = deps.connections;
  const ofSettings = [...accountsOf(deps.providers)];
  const fixed = ofSettings.map(([account]) => [account.id, flowOf(account)] as const);
  const publisher = new HealthPublisher({
    redis,
    names,
    flows: () => new Map([...fixed, ...live().map((one) => [keyOf(one), flowOfLive(one)] as const)]),
    circuits: deps.circuits,
    settingsAccounts: ofSettings.map(([account, channels]) =>
      toldAccount(account, channels, flowOf(account).limits),
    ),
    log,
  });
  const checks = startProviderChecks({
    redis,
    names,
    accounts: () => [
      ...ofSettings.map(([{ id, provider }]) => ({ key: id, revision: SETTINGS_REVISION, provider })),
      ...live().map((one) => ({
        key: keyOf(one),
        revision: one.record.revision,
        provider: one.provider.provider,
      })),
    ],
    intervalMs: deps.settings.PROVIDER_CHECK_INTERVAL_MS,
    log,
  });
  return {
    close: async () => {
      await checks.close();
      await publisher.close();
    },
  };
}

const keyOf = ({ record }: LiveAccount): string => providerAccountKey(record.workspace, record.id);
