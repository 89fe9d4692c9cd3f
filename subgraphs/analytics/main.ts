/** The analytics subgraph as a process of its own. */
import type { Settings } from '../../platform/config/settings.ts';
import { serveSubgraph } from '../../platform/graphql/subgraph-server/serve-subgraph.ts';
import type { RunOptions } from '../../platform/lifecycle/run-options.ts';
import { createAnalyticsSubgraph } from './index.ts';

export async function run(settings: Settings, _options: RunOptions): Promise<void> {
  await serveSubgraph('analytics', settings, async ({ mongo, redis, names }, log) => {
    const { subgraph } = await createAnalyticsSubgraph({
      connection: mongo,
      redis,
      names,
      log,
      fold: true,
    });
    return subgraph;
  });
}
