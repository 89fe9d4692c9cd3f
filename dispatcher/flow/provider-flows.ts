/** The flow control of each provider account of a process: one for all channels that it serves. */
import type { Settings } from '../../platform/config/settings.ts';
import type { Connections } from '../../platform/lifecycle/connections.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Provider } from '../channels/contract.ts';
import { inTime } from '../channels/network/in-time.ts';
import type { ConfiguredProvider } from '../channels/registry.ts';
import { type AccountLimits, Permits } from './permits.ts';
import { ASK_MS, ProviderFlow } from './provider-flow.ts';
import { MAX_PARALLEL, SendWindow } from './send-window.ts';
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
  const create = (configured: ConfiguredProvider, limits: AccountLimits) => {
    const { id, key = id, definition, provider } = configured;
    const limited = limits.ratePerSecond !== undefined || limits.dailyQuota !== undefined;
    return new ProviderFlow({
      provider: key,
      destination: definition.destination,
      circuits,
      permits: limited ? new Permits({ redis, key: names.providerPermits(key), limits, log }) : undefined,
      limits,
      window: definition.destination ? undefined : new SendWindow(parallelOf(configured)),
      answers: definition.capabilities.idempotent ? undefined : answersOf(provider),
      probeLostAfterMs: ASK_MS + settings.SEND_TIMEOUT_MS + PROBE_GRACE_MS,
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

/** Attempts worth having under way at once through an account, in one process. */
export const parallelOf = ({ provider }: Pick<ConfiguredProvider, 'provider'>): number =>
  provider.concurrency ?? MAX_PARALLEL;

/** Any answer will do: one that says no says it about an attempt as well. Undefined where nothing can be asked. */
function answersOf(provider: Provider): ((signal: AbortSignal) => Promise<boolean>) | undefined {
  const health = provider.health?.bind(provider);
  if (!health) return undefined;
  return async (signal) => {
    try {
      await inTime(health(signal), signal);
    } catch {
      // Its time is up, or it threw: the signal tells the one from the other.
    }
    return !signal.aborted;
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
