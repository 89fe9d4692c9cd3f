/** Live feeds of notifications and deliveries: the event log says that something changed, the store says how it is now. */
import { HeraldError } from '../../../platform/errors/herald-error.ts';
import { isDeliveryEvent } from '../../../platform/event-log/events.ts';
import type { Channel, DeliveryState, NotificationState } from '../../../platform/graphql/contract-enums.ts';
import { asyncQueue } from './async-queue.ts';
import type { FeedHub } from './feed-hub.ts';

const MAX_WAITING = 1_000;
const FINAL: readonly NotificationState[] = ['COMPLETED', 'CANCELED', 'EXPIRED'];
const tooSlow = () => new HeraldError('UNAVAILABLE', 'This subscriber is too slow: subscribe again.');

/**
 * Gives out the notification's id: at once, then after every change, and a last time when it has ended.
 * @param stateNow reads the notification's state from the store.
 */
export async function watchNotification(
  hub: FeedHub,
  id: string,
  stateNow: () => Promise<NotificationState>,
): Promise<AsyncIterableIterator<string>> {
  let stop: () => void = () => undefined;
  const queue = asyncQueue<string>(() => stop(), MAX_WAITING, tooSlow);
  stop = hub.watchNotification(id, (event) => {
    queue.push(id);
    if (event.type === 'notification.updated' && FINAL.includes(event.state)) queue.end();
  });
  try {
    await hub.ready();
    const state = await stateNow();
    queue.push(id);
    if (FINAL.includes(state)) queue.end();
  } catch (error) {
    stop();
    throw error;
  }
  return queue;
}

/** A delivery has entered a state. By the time it is read it may be further on: the feed tells every step. */
export interface EnteredState {
  readonly delivery: string;
  readonly state: DeliveryState;
}

/** Gives out which deliveries of a workspace enter which state, filtered before anything is read. */
export async function watchDeliveries(
  hub: FeedHub,
  workspace: string,
  filter: { app?: string; channels?: readonly Channel[]; states?: readonly DeliveryState[] },
): Promise<AsyncIterableIterator<EnteredState>> {
  let stop: () => void = () => undefined;
  const queue = asyncQueue<EnteredState>(() => stop(), MAX_WAITING, tooSlow);
  stop = hub.watchWorkspace(workspace, (event) => {
    if (!isDeliveryEvent(event)) return;
    if (filter.app !== undefined && event.app !== filter.app) return;
    if (filter.channels && !filter.channels.includes(event.channel)) return;
    if (filter.states && !filter.states.includes(event.state)) return;
    queue.push({ delivery: event.delivery, state: event.state });
  });
  await hub.ready();
  return queue;
}
