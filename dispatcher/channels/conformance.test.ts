import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { SettingsError } from '../../platform/config/settings.ts';
import { type ConformanceFixture, describeConformance } from './conformance.ts';
import type { Provider } from './contract.ts';
import { createProviders, FALLBACK, PROVIDERS } from './registry.ts';

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

for (const definition of all) {
  const loaded: { fixture: ConformanceFixture } = await import(`./${definition.id}/conformance-fixture.ts`);
  describeConformance(
    definition,
    loaded.fixture,
    async (settings, { shared, ...deps }): Promise<Provider> => {
      if (definition === FALLBACK) return definition.create(definition.config.parse({}), { ...deps, shared });
      const set = await createProviders(settings, { ...deps, sharedOf: () => shared }, { sandbox: false });
      const provider = set.accountsFor(definition.channels[0] ?? 'WEBHOOK')[0]?.provider;
      if (!provider) throw new SettingsError([`${definition.id} is not configured`]);
      return provider;
    },
  );
}
