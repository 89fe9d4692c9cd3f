/** Puts deliveries into the send queues of their channels. */
import { sharedNow } from '../clock/shared-clock.ts';
import type { Channel, Priority } from '../graphql/contract-enums.ts';
import { chunked, type DispatchQueues, type SendChunk } from './queues.ts';

/** A delivery to put into a send queue. */
export interface QueuedDelivery {
  readonly id: string;
  readonly channel: Channel;
  readonly priority: Priority;
  /** Attempts made. */
  readonly attempt: number;
  readonly nextAttemptAt: Date;
}

/** Delays longer than this are left to the sweeper alone: Redis is no calendar. */
export const MAX_QUEUE_DELAY_MS = 24 * 3600_000;

/**
 * Those that are due go in chunks; so do those that wait for the same time, with its delay.
 * @throws when Redis does not take them.
 */
export async function enqueueSends(
  queues: DispatchQueues,
  deliveries: readonly QueuedDelivery[],
  chunkSize: number,
): Promise<void> {
  const lanes = Map.groupBy(deliveries, (d) => `${d.channel}|${d.priority}`);
  const now = sharedNow();
  await Promise.all(
    [...lanes.values()].map(async (lane) => {
      const [first] = lane;
      if (first) await queues.addSends(first.channel, first.priority, chunksOf(lane, now, chunkSize));
    }),
  );
}

/** The jobs of one queue: those of one job are all due, or at the same time; all have had as many attempts. */
function chunksOf(lane: readonly QueuedDelivery[], now: number, chunkSize: number): SendChunk[] {
  const isDue = (d: QueuedDelivery) => d.nextAttemptAt.getTime() <= now;
  const due = Map.groupBy(lane.filter(isDue), (d) => d.attempt);
  const later = Map.groupBy(
    lane.filter((d) => !isDue(d) && d.nextAttemptAt.getTime() - now <= MAX_QUEUE_DELAY_MS),
    (d) => `${d.attempt}|${d.nextAttemptAt.getTime()}`,
  );
  return [...due.values(), ...later.values()]
    .flatMap((alike) => chunked(alike, chunkSize))
    .flatMap((chunk) => {
      const [first] = chunk;
      if (!first) return [];
      const { attempt, nextAttemptAt } = first;
      return [{ ids: chunk.map((d) => d.id), attempt, dueAt: nextAttemptAt }];
    });
}
