/** The templates subgraph as a process of its own. */
import type { Settings } from '../../platform/config/settings.ts';
import { serveSubgraph } from '../../platform/graphql/subgraph-server/serve-subgraph.ts';
import { isOn, type RunOptions } from '../../platform/lifecycle/run-options.ts';
import { DEFAULT_WORKSPACE } from '../../platform/names/ids.ts';
import { openDirectory, openPeople, personFinder } from '../users/index.ts';
import { createTemplatesSubgraph } from './index.ts';

export async function run(settings: Settings, options: RunOptions): Promise<void> {
  await serveSubgraph('templates', settings, async ({ mongo, bus }, log) => {
    const { subgraph, ensureDemo } = await createTemplatesSubgraph({
      connection: mongo,
      bus,
      directory: openDirectory(mongo),
      log,
      findPerson: personFinder(openPeople({ connection: mongo, bus })),
    });
    if (isOn(settings.HERALD_DEMO, options)) await ensureDemo(DEFAULT_WORKSPACE);
    return subgraph;
  });
}
