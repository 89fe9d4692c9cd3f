/** The flow control of each provider account of a process: one for all channels that it serves. */
import type { Settings } from '../../platform/config/settings.ts';
import type { Connections } from '../../platform/lifecycle/connections.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { ConfiguredProvider } from '../channels/registry.ts';
import { type AccountLimits, Permits } from './permits.ts';
import { ProviderFlow } from './provider-flow.ts';
import { SharedCircuits } from './shared-circuits.ts';

/** A probe counts as lost so long after its attempt should have ended. */
const PROBE_GRACE_MS = 5_000;

export interface ProviderFlows {
  readonly circuits: SharedCircuits;
  flowOf(provider: ConfiguredProvider): ProviderFlow;
  /** A new one, of an account that has limits of its own. */
  flowWith(provider: ConfiguredProvider, limits: AccountLimits): ProviderFlow;
}

export function providerFlows(deps: {
  settings: Pick<Settings, 'PROVIDER_RATES' | 'PROVIDER_DAILY_QUOTAS' | 'SEND_TIMEOUT_MS'>;
  connections: Pick<Connections, 'redis' | 'names'>;
  log: Logger;
}): ProviderFlows {
  const { settings, log } = deps;
  const { redis, names } = deps.connections;
  const circuits = new SharedCircuits({
    redis,
    keyOf: ({ provider, host }) => names.circuit(provider, host),
    log,
  });
  const flows = new Map<string, ProviderFlow>();
  const create = ({ id, key = id, definition }: ConfiguredProvider, limits: AccountLimits) => {
    const limited = limits.ratePerSecond !== undefined || limits.dailyQuota !== undefined;
    return new ProviderFlow({
      provider: key,
      destination: definition.destination,
      circuits,
      permits: limited ? new Permits({ redis, key: names.providerPermits(key), limits, log }) : undefined,
      limits,
      probeLostAfterMs: settings.SEND_TIMEOUT_MS + PROBE_GRACE_MS,
    });
  };
  return {
    circuits,
    flowWith: create,
    flowOf: (provider) => {
      const known = flows.get(provider.id);
      if (known) return known;
      const flow = create(provider, limitsOf(provider.id, settings));
      flows.set(provider.id, flow);
      return flow;
    },
  };
}

function limitsOf(
  id: string,
  { PROVIDER_RATES, PROVIDER_DAILY_QUOTAS }: Pick<Settings, 'PROVIDER_RATES' | 'PROVIDER_DAILY_QUOTAS'>,
): AccountLimits {
  const ratePerSecond = PROVIDER_RATES[id];
  const dailyQuota = PROVIDER_DAILY_QUOTAS[id];
  return {
    ...(ratePerSecond !== undefined && { ratePerSecond }),
    ...(dailyQuota !== undefined && { dailyQuota }),
  };
}
