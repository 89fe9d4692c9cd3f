/** Fills a store with finished notifications, each with its delivery. */
import type { OpenPlatform } from '../../checks/explain/open-platform.ts';
import type { DeliveryRecord, NotificationRecord } from '../../subgraphs/notifications/index.ts';
import { finished } from './documents.ts';

export const USERS = 10_000;
const CHUNK = 2_000;
const IN_FLIGHT = 4;
/** The newest are a day old. */
const AGE_MS = 24 * 3_600_000;

/** From `from` notifications to `to`. @returns seconds that it took. */
export async function fill({ connection, run }: OpenPlatform, from: number, to: number): Promise<number> {
  const started = performance.now();
  if (from === 0)
    for (let first = 0; first < USERS; first += 1_000)
      await run('users', 'mutation ($users: [UserInput!]!) { upsertUsers(users: $users) { id } }', {
        users: Array.from({ length: 1_000 }, (_, i) => ({
          id: `filled-${first + i}`,
          email: `u${first + i}@example.com`,
        })),
      });
  const notifications = connection.collection<NotificationRecord>('notifications');
  const deliveries = connection.collection<DeliveryRecord>('deliveries');
  let next = from;
  const worker = async () => {
    while (next < to) {
      const first = next;
      next = Math.min(to, first + CHUNK);
      const chunk = Array.from({ length: next - first }, (_, i) =>
        // As the store grows, so do its users: what one person has got stays as it is.
        finished(first + i, new Date(Date.now() - AGE_MS), to),
      );
      await notifications.insertMany(
        chunk.map((own) => own.notification),
        { ordered: false },
      );
      await deliveries.insertMany(
        chunk.map((own) => own.delivery),
        { ordered: false },
      );
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  return (performance.now() - started) / 1_000;
}
