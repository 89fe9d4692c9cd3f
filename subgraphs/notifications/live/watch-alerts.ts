/** The live feed of a workspace's alerts: gives out their ids. */
import { HeraldError } from '../../../platform/errors/herald-error.ts';
import { asyncQueue } from './async-queue.ts';
import type { FeedHub } from './feed-hub.ts';

const MAX_WAITING = 100;
const tooSlow = () => new HeraldError('UNAVAILABLE', 'This subscriber is too slow: subscribe again.');

export async function watchAlerts(hub: FeedHub, workspace: string): Promise<AsyncIterableIterator<string>> {
  let stop: () => void = () => undefined;
  const queue = asyncQueue<string>(() => stop(), MAX_WAITING, tooSlow);
  stop = hub.watchWorkspace(workspace, (event) => {
    if (event.type === 'alert.raised') queue.push(event.alert);
  });
  await hub.ready();
  return queue;
}
