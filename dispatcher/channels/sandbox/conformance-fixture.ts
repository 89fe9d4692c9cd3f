import { createHash } from 'node:crypto';
import type { OutgoingMessage } from '../contract.ts';
import type { ConformanceFixture } from '../testing/fake-provider.ts';

const noConnection = 'it has no connection';

export const fixture: ConformanceFixture = {
  impossible: {
    silentConnection: noConnection,
    refuseConnection: noConnection,
    malformedAnswer: noConnection,
    refuseEchoingSecrets: 'it has no secrets',
  },
  wrongSettings: [],
  async start(behaviour) {
    const kept: OutgoingMessage[] = [];
    return {
      settings: {},
      secrets: [],
      recipient: { address: 'anything' },
      deps: {
        keepSandboxMessage: async (message) => {
          kept.push(message);
          if (behaviour === 'silentAfterRequest') await new Promise(() => undefined);
        },
      },
      // The delivery's id is what the keeper replaces an earlier message by.
      received: async () =>
        kept.map(({ title, body, delivery }) => ({
          ...(title !== undefined && { title }),
          body,
          idempotencyKey: createHash('sha256').update(delivery).digest('hex'),
        })),
      openConnections: async () => 0,
      stop: async () => undefined,
    };
  },
};
