import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { SettingsError } from '../../platform/config/settings.ts';
import { describeConformance } from './conformance.ts';
import type { Provider, ProviderChannel, ProviderDefinition } from './contract.ts';
import { createProviders, FALLBACK, PROVIDERS } from './registry.ts';
import type { ConformanceFixture } from './testing/fake-provider.ts';

const all = [...PROVIDERS, FALLBACK];

describe('the registry', () => {
  it('has a line for every provider folder, and a folder for every line', async () => {
    const files = await readdir(import.meta.dirname, { recursive: true });
    const folders = files
      .filter((file) => /^[^/\\]+[/\\]provider\.ts$/.test(file))
      .map((file) => file.slice(0, -12));
    expect(folders.sort()).toEqual(all.map(({ id }) => id).sort());
  });

  it('has every provider once', () => {
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });
});

/** What a folder's `conformance-fixture.ts` exports. */
interface Fixtures {
  /** For the first of the provider's channels. */
  readonly fixture: ConformanceFixture;
  /** For further channels, where they have another API of the vendor. */
  readonly fixturesOf?: Readonly<Partial<Record<ProviderChannel, ConformanceFixture>>>;
}

for (const definition of all) {
  const { fixture, fixturesOf = {} }: Fixtures = await import(`./${definition.id}/conformance-fixture.ts`);
  hold(definition, definition.channels[0] ?? 'WEBHOOK', fixture);
  for (const channel of definition.channels) {
    const own = fixturesOf[channel];
    if (own) describe(channel, () => hold({ ...definition, channels: [channel] }, channel, own));
  }
}

/** Holds a provider to the common suite, by an account of `channel`. */
function hold(definition: ProviderDefinition, channel: ProviderChannel, fixture: ConformanceFixture): void {
  describeConformance(definition, fixture, async (settings, { shared, ...deps }): Promise<Provider> => {
    if (definition === FALLBACK) return definition.create(definition.config.parse({}), { ...deps, shared });
    const set = await createProviders(settings, { ...deps, sharedOf: () => shared }, { sandbox: false });
    const provider = set.accountsFor(channel)[0]?.provider;
    if (!provider) throw new SettingsError([`${definition.id} is not configured`]);
    return provider;
  });
}
