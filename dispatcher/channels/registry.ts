/** All providers, and which of them serves which channel. */
import { type Settings, SettingsError } from '../../platform/config/settings.ts';
import type { Provider, ProviderChannel, ProviderDefinition, ProviderDeps } from './contract.ts';
import { sandbox } from './sandbox/provider.ts';
import { smtp } from './smtp/provider.ts';
import { webPush } from './web-push/provider.ts';
import { webhook } from './webhook/provider.ts';

/** One line a provider. Of several for one channel, the first that is configured serves it. */
export const PROVIDERS: readonly ProviderDefinition[] = [smtp, webPush, webhook];

/** Serves the channels that no provider in `PROVIDERS` serves, where it is on. */
export const FALLBACK: ProviderDefinition = sandbox;

export interface ConfiguredProvider {
  readonly id: string;
  readonly provider: Provider;
  readonly definition: ProviderDefinition;
}

export interface ProviderSet {
  /** The provider of a channel; undefined when none is configured and the sandbox is off. */
  forChannel(channel: ProviderChannel): ConfiguredProvider | undefined;
  /** The provider's id for each channel that has one. */
  describe(): Readonly<Partial<Record<ProviderChannel, string>>>;
  /** Lets go of all connections. Attempts under way end first. */
  close(): Promise<void>;
}

/** Herald's settings, or in tests some of them. */
export type ProviderSettings = Readonly<Partial<Settings>> | Readonly<Record<string, unknown>>;

/**
 * Creates every provider that the settings configure.
 *
 * @param options `sandbox`: whether it stands in for the other channels.
 * @throws SettingsError for settings that configure a provider wrongly; names each of them.
 */
export function createProviders(
  settings: ProviderSettings,
  deps: ProviderDeps,
  options: { readonly sandbox: boolean },
): ProviderSet {
  const problems: string[] = [...unknownProviders(settings)];
  const configured: ConfiguredProvider[] = [];
  for (const definition of PROVIDERS) {
    const input = definition.fromSettings(settings);
    if (input === undefined) continue;
    const created = createProvider(definition, input, deps);
    if ('provider' in created) configured.push(created);
    else problems.push(...created.problems);
  }
  if (problems.length > 0) {
    for (const { provider } of configured) void provider.close?.();
    throw new SettingsError(problems);
  }
  if (options.sandbox) {
    const created = createProvider(FALLBACK, {}, deps);
    if ('provider' in created) configured.push(created);
  }
  const byChannel = new Map<ProviderChannel, ConfiguredProvider>();
  for (const entry of configured)
    for (const channel of entry.definition.channels)
      if (!byChannel.has(channel)) byChannel.set(channel, entry);

  return {
    forChannel: (channel) => byChannel.get(channel),
    describe: () => Object.fromEntries([...byChannel].map(([channel, { id }]) => [channel, id])),
    close: async () => {
      await Promise.all(configured.map(({ provider }) => provider.close?.()));
    },
  };
}

/** Limits of providers that there are not: most likely misspelt. */
function unknownProviders(settings: ProviderSettings): string[] {
  const known = [...PROVIDERS, FALLBACK].map(({ id }) => id);
  return (['PROVIDER_RATES', 'PROVIDER_DAILY_QUOTAS'] as const).flatMap((name) =>
    Object.keys(settings[name] ?? {})
      .filter((id) => !known.includes(id))
      .map((id) => `${name}: there is no provider "${id}"; there are ${known.join(', ')}`),
  );
}

function createProvider(
  definition: ProviderDefinition,
  input: unknown,
  deps: ProviderDeps,
): ConfiguredProvider | { readonly problems: readonly string[] } {
  const parsed = definition.config.safeParse(input);
  if (!parsed.success)
    return {
      problems: parsed.error.issues.map((issue) => {
        const field = String(issue.path[0] ?? '');
        return `${definition.settings[field] ?? `${definition.id} ${field}`}: ${issue.message}`;
      }),
    };
  try {
    return { id: definition.id, provider: definition.create(parsed.data, deps), definition };
  } catch (error) {
    return { problems: [error instanceof Error ? error.message : `${definition.name} could not be created`] };
  }
}
