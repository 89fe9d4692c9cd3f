/** Puts deliveries into the send queues of their channels. */
import type { Channel, Priority } from '../graphql/contract-enums.ts';
import { chunked, type DispatchQueues } from './queues.ts';

/** A delivery to put into a send queue. */
export interface QueuedDelivery {
  readonly id: string;
  readonly channel: Channel;
  readonly priority: Priority;
  /** Attempts made. */
  readonly attempt: number;
  readonly nextAttemptAt: Date;
}

/**
 * Those that are due go in chunks; those that wait for their time go one by one, each with its delay.
 * @throws when Redis does not take them.
 */
export async function enqueueSends(
  queues: DispatchQueues,
  deliveries: readonly QueuedDelivery[],
  chunkSize: number,
): Promise<void> {
  const now = Date.now();
  const alike = new Map<string, QueuedDelivery[]>();
  const add = (key: string, delivery: QueuedDelivery) => {
    const own = alike.get(key);
    if (own) own.push(delivery);
    else alike.set(key, [delivery]);
  };
  for (const d of deliveries) {
    const delay = Math.max(0, d.nextAttemptAt.getTime() - now);
    add(`${d.channel}|${d.priority}|${d.attempt}|${delay > 0 ? d.id : ''}`, d);
  }
  await Promise.all(
    [...alike.values()].map(async (own) => {
      const [first] = own;
      if (!first) return;
      await queues.addSends(
        first.channel,
        chunked(own, chunkSize).map((chunk) => ({
          ids: chunk.map((d) => d.id),
          attempt: first.attempt,
          priority: first.priority,
          delayMs: Math.max(0, first.nextAttemptAt.getTime() - now),
        })),
      );
    }),
  );
}
