import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { PROVIDER_CHANNELS } from '../contract.ts';
import { accountSettings, type ConformanceFixture } from '../testing/fake-provider.ts';

const noConnection = 'it has no connection';

const line = z.object({ idempotencyKey: z.string(), title: z.string().optional(), body: z.string() });

export const fixture: ConformanceFixture = {
  impossible: {
    silentConnection: noConnection,
    silentAfterRequest: 'a file system that hangs cannot be made here',
    refuseConnection: noConnection,
    malformedAnswer: noConnection,
    refuseEchoingSecrets: 'it has no secrets',
  },
  wrongSettings: [
    {
      settings: accountSettings('file', { path: '/tmp/messages.jsonl' }),
      names: 'PROVIDER_ACCOUNTS file.channels',
    },
    ...['messages.jsonl', '/etc/passwd', '/tmp/.jsonl', '/tmp/x\0.jsonl'].map((path) => ({
      settings: accountSettings('file', { channels: ['SMS'], path }),
      names: 'PROVIDER_ACCOUNTS file.path',
    })),
  ],
  async start() {
    const directory = await mkdtemp(join(tmpdir(), 'herald-file-'));
    const path = join(directory, 'messages.jsonl');
    return {
      settings: accountSettings('file', { channels: PROVIDER_CHANNELS, path }),
      secrets: [],
      recipient: { address: 'anything' },
      async received() {
        // No message came, no file was made.
        const text = await readFile(path, 'utf8').catch(() => '');
        return text
          .split('\n')
          .filter((one) => one !== '')
          .map((one) => line.parse(JSON.parse(one)));
      },
      openConnections: async () => 0,
      stop: () => rm(directory, { recursive: true }),
    };
  },
};
