import { z } from 'zod';
import { PROVIDER_CHANNELS } from '../contract.ts';
import { accountSettings, type ConformanceFixture, type ReceivedMessage } from '../testing/fake-provider.ts';

const noOtherSide = 'it has no other side that could fail';

const line = z.object({ title: z.string().optional(), body: z.string() });

export const fixture: ConformanceFixture = {
  impossible: {
    silentConnection: noOtherSide,
    silentAfterRequest: noOtherSide,
    refuseConnection: noOtherSide,
    malformedAnswer: noOtherSide,
    refuseEchoingSecrets: 'it has no secrets',
  },
  wrongSettings: [
    { settings: accountSettings('console', {}), names: 'PROVIDER_ACCOUNTS console.channels' },
    {
      settings: accountSettings('console', { channels: ['IN_APP'] }),
      names: 'PROVIDER_ACCOUNTS console.channels.0',
    },
  ],
  async start() {
    const lines: ReceivedMessage[] = [];
    return {
      settings: accountSettings('console', { channels: PROVIDER_CHANNELS }),
      secrets: [],
      recipient: { address: 'anything' },
      deps: {
        log: {
          info: (fields) => void lines.push(line.parse(JSON.parse(JSON.stringify(fields)))),
          warn: () => undefined,
        },
      },
      received: async () => lines,
      openConnections: async () => 0,
      stop: async () => undefined,
    };
  },
};
