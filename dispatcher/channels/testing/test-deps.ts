/** What Herald gives to a provider, made for tests. */
import type { DeliveryTokens, ProviderDeps, SharedValues } from '../contract.ts';

/** What Herald gives to a provider, for tests of one. */
export const testDeps = (deps: Partial<ProviderDeps> = {}): ProviderDeps => ({
  account: 'account',
  log: { info: () => undefined, warn: () => undefined },
  now: () => new Date(),
  shared: memorySharedValues(),
  deliveryTokens: memoryDeliveryTokens,
  keepSandboxMessage: () => Promise.reject(new Error('only for the sandbox')),
  ...deps,
});

/** Signed with what everybody knows. */
export const memoryDeliveryTokens: DeliveryTokens = {
  tokenOf: (delivery) => `${delivery}.${'s'.repeat(22)}`,
  deliveryOf: (token) => (token.endsWith(`.${'s'.repeat(22)}`) ? token.slice(0, -23) : undefined),
};

/** What the workers of one account share, for an account with one worker. */
export function memorySharedValues(): SharedValues {
  const values = new Map<string, { value: string; expiresAt: Date }>();
  return {
    async get(name, make) {
      const known = values.get(name);
      if (known && known.expiresAt > new Date()) return known.value;
      const made = await make();
      values.set(name, made);
      return made.value;
    },
    async drop(name, value) {
      if (values.get(name)?.value === value) values.delete(name);
    },
  };
}
