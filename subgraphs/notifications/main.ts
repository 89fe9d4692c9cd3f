/** The notifications subgraph as a process of its own. */
import { requiredSettings } from '../../platform/config/required-settings.ts';
import type { Settings } from '../../platform/config/settings.ts';
import { serveSubgraph } from '../../platform/graphql/subgraph-server/serve-subgraph.ts';
import type { RunOptions } from '../../platform/lifecycle/run-options.ts';
import { createTemplatesSubgraph } from '../templates/index.ts';
import { consoleAppId, createUsersSubgraph, openDirectory } from '../users/index.ts';
import { createNotificationsSubgraph, otpLimitsOf, queueLimitsOf } from './index.ts';

export async function run(settings: Settings, _options: RunOptions): Promise<void> {
  const { HERALD_JWT_SECRET, HERALD_SECRET_KEY, VAPID_PUBLIC_KEY } = requiredSettings(
    settings,
    'HERALD_JWT_SECRET',
    'HERALD_SECRET_KEY',
    'VAPID_PUBLIC_KEY',
  );
  await serveSubgraph('notifications', settings, async (connections, log) => {
    const { mongo, bus } = connections;
    const users = await createUsersSubgraph({
      connection: mongo,
      bus,
      log,
      jwtSecret: HERALD_JWT_SECRET,
      vapidPublicKey: VAPID_PUBLIC_KEY,
    });
    const templates = await createTemplatesSubgraph({
      connection: mongo,
      bus,
      directory: openDirectory(mongo),
      log,
    });
    const { subgraph } = await createNotificationsSubgraph({
      connection: mongo,
      redis: connections.redis,
      subscriber: connections.further('subscriber'),
      blocking: connections.further('blocking'),
      names: connections.names,
      events: connections.events,
      queues: connections.queues,
      users: users.service,
      templates: templates.service,
      appInWhoseNameOperatorsSend: consoleAppId,
      chunkSize: settings.DISPATCH_CHUNK_SIZE,
      queueLimits: queueLimitsOf(settings),
      bus,
      secretKey: HERALD_SECRET_KEY,
      otpLimits: otpLimitsOf(settings),
      log,
    });
    return {
      ...subgraph,
      close: async () => {
        await subgraph.close();
        await templates.subgraph.close();
        await users.subgraph.close();
      },
    };
  });
}
