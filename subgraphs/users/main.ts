/** The users subgraph as a process of its own. */
import { requiredSettings } from '../../platform/config/required-settings.ts';
import type { Settings } from '../../platform/config/settings.ts';
import { serveSubgraph } from '../../platform/graphql/subgraph-server/serve-subgraph.ts';
import { isOn, type RunOptions } from '../../platform/lifecycle/run-options.ts';
import { bootstrapUsers } from './bootstrap.ts';
import { createUsersSubgraph } from './index.ts';

export async function run(settings: Settings, options: RunOptions): Promise<void> {
  const { HERALD_JWT_SECRET, VAPID_PUBLIC_KEY } = requiredSettings(
    settings,
    'HERALD_JWT_SECRET',
    'VAPID_PUBLIC_KEY',
  );
  await serveSubgraph('users', settings, async ({ mongo, bus }, log) => {
    const { subgraph, service } = await createUsersSubgraph({
      connection: mongo,
      bus,
      log,
      jwtSecret: HERALD_JWT_SECRET,
      vapidPublicKey: VAPID_PUBLIC_KEY,
    });
    await bootstrapUsers(service, settings, { demo: isOn(settings.HERALD_DEMO, options) });
    return subgraph;
  });
}
