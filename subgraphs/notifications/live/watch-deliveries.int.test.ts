import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../../../testing/fresh.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import { inAppPage, notification, type OpenStore, openStore } from '../testing/open-store.ts';
import { FeedHub } from './feed-hub.ts';
import { watchDeliveries, watchNotification } from './watch-deliveries.ts';

const services = freshDatabase();
let store: OpenStore;
beforeAll(async () => {
  store = await openStore(services);
});
afterAll(() => store.close());

const stored = async (changes: Partial<NotificationRecord> = {}) => {
  const record = notification({ to: [{ user: 'ann' }], ...changes });
  await store.models.raw.notifications.insertOne(record);
  return record;
};
const stateOf = (id: string) => async () => {
  const found = await store.models.notifications.findById(id).lean<NotificationRecord>();
  if (!found) throw new Error(`${id} is not there`);
  return found.state;
};

describe('watching one notification', () => {
  it('ends with its end, also for the first watcher of a process and whenever the end comes', async () => {
    for (let round = 0; round < 20; round++) {
      const own = await openStore(services);
      const hub = new FeedHub(own.events, own.blocking);
      const record = await stored();
      const watching = watchNotification(hub, record._id, stateOf(record._id));
      await new Promise((resolve) => setTimeout(resolve, round));
      await store.outbox.storePlans([inAppPage(record, ['ann'])], new Date());
      const states: string[] = [];
      for await (const id of await watching) states.push(await stateOf(id)());
      expect(states.at(-1)).toBe('COMPLETED');
      await hub.close();
      await own.close();
    }
  });

  it('of one that has ended tells how it is, once', async () => {
    const hub = new FeedHub(store.events, store.blocking);
    const record = await stored({ state: 'CANCELED', planned: true });
    const seen: string[] = [];
    for await (const id of await watchNotification(hub, record._id, stateOf(record._id))) seen.push(id);
    expect(seen).toEqual([record._id]);
    await hub.close();
  });
});

describe('watching deliveries', () => {
  it('gives out each state that a delivery of the workspace enters, filtered', async () => {
    const own = await openStore(services);
    const hub = new FeedHub(own.events, own.blocking);
    const all = await watchDeliveries(hub, 'default', {});
    const delivered = await watchDeliveries(hub, 'default', {
      states: ['DELIVERED'],
      channels: ['IN_APP'],
      app: 'app_test',
    });
    const elsewhere = await watchDeliveries(hub, 'elsewhere', {});
    const record = await stored();
    await store.outbox.storePlans([inAppPage(record, ['ann'])], new Date());
    expect([(await all.next()).value?.state, (await all.next()).value?.state]).toEqual([
      'QUEUED',
      'DELIVERED',
    ]);
    expect((await delivered.next()).value).toMatchObject({ state: 'DELIVERED' });
    const silence = await Promise.race([
      elsewhere.next(),
      new Promise((resolve) => setTimeout(() => resolve('silence'), 200)),
    ]);
    expect(silence).toBe('silence');
    for (const iterator of [all, delivered, elsewhere]) await iterator.return?.();
    await hub.close();
    await own.close();
  });
});
