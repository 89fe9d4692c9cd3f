/** How many dead letters wait for somebody, as a metric. */
import { Gauge } from 'prom-client';
import { metricsRegistry } from '../../../platform/http/metrics.ts';
import { deadLetterCount } from '../dead-letters/read-dead-letters.ts';
import type { NotificationModels } from '../store/models.ts';
import { workspacesWithDeadLetters } from './workspaces.ts';

const open = new Gauge({
  name: 'herald_dead_letters_open',
  help: 'Dead letters that nobody has replayed or discarded; up to 10,000 of each workspace are counted. 0 on all processes but the one that is elected to count.',
  registers: [metricsRegistry],
});

/** Counts anew. */
export async function measureOpen(models: Pick<NotificationModels, 'raw'>): Promise<number> {
  let count = 0;
  for await (const workspace of workspacesWithDeadLetters(models))
    count += await deadLetterCount(models, workspace, { state: ['OPEN'] });
  open.set(count);
  return count;
}

/** Another process counts from now on. */
export const forgetOpen = (): void => open.set(0);
