/** A provider that takes every message at once and does nothing: what is measured is Herald. */
import { z } from 'zod';
import type { ConfiguredProvider, ProviderSet } from '../../dispatcher/channels/registry.ts';

const noOp: ConfiguredProvider = {
  id: 'no-op',
  provider: {
    concurrency: 1_000,
    send: async (message) => ({ kind: 'accepted', providerMessageId: `no-op-${message.delivery}` }),
  },
  definition: {
    id: 'no-op',
    name: 'No-op',
    channels: ['EMAIL'],
    config: z.object({}),
    settings: {},
    capabilities: { idempotent: true, html: true },
    limits: {},
    fromSettings: () => ({}),
    create: () => noOp.provider,
  },
};

export const noOpProviders: ProviderSet = {
  account: () => undefined,
  accountsFor: (channel) => (channel === 'EMAIL' ? [noOp] : []),
  describe: () => ({ EMAIL: noOp.id }),
  close: async () => undefined,
};
