/** The same for digests: with 20,000 in the making, those that are due are found at once, and made from their own items. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  closeBuckets,
  closedBuckets,
  deleteClosed,
  dueBuckets,
} from '../../subgraphs/notifications/digests/close-buckets.ts';
import type {
  DigestBucketRecord,
  DigestItemRecord,
} from '../../subgraphs/notifications/digests/digest-models.ts';
import { notification, type OpenStore, openStore } from '../../subgraphs/notifications/testing/open-store.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { costOf, problemOf } from './judge.ts';
import { type OpenPlatform, openPlatform } from './open-platform.ts';
import { explain, queriesOf, shown } from './watch-queries.ts';

const STORED = 20_000;
const DUE = 20;
const NOW = new Date();

const services = freshDatabase();
let platform: OpenPlatform;
let store: OpenStore;
beforeAll(async () => {
  platform = await openPlatform(services, { monitorCommands: true });
  store = await openStore(services);
  const { notifications, digestBuckets, digestItems } = store.models.raw;
  const record = notification();
  await notifications.insertOne(record);
  const buckets = Array.from(
    { length: STORED },
    (_, i): DigestBucketRecord => ({
      _id: `dgb_${i}`,
      workspace: 'default',
      app: 'app_test',
      series: `s${i}`,
      to: [{ user: `u${i}` }],
      sendAs: { channels: [], priority: 'LOW' },
      state: 'OPEN',
      openedAt: NOW,
      dueAt: new Date(NOW.getTime() + (i < DUE ? -1_000 : 3_600_000 + i)),
      maxItems: 1_000,
      count: 1,
      bytes: 2,
    }),
  );
  const items = buckets.map(
    ({ _id }): DigestItemRecord => ({
      _id: `${_id}|${record._id}`,
      bucket: _id,
      notification: record._id,
    }),
  );
  for (let from = 0; from < STORED; from += 5_000) {
    await digestBuckets.insertMany(buckets.slice(from, from + 5_000));
    await digestItems.insertMany(items.slice(from, from + 5_000));
  }
});
afterAll(async () => {
  await store.close();
  await platform.close();
});

it('what a round reads grows with what is due alone', async () => {
  const { connection } = platform;
  const raw = Object.fromEntries(
    Object.entries(store.models.raw).map(([name, { collectionName }]) => [
      name,
      connection.collection(collectionName),
    ]),
  ) as unknown as OpenStore['models']['raw'];
  const stores = { connection, models: { raw } };
  const queries = await queriesOf(connection, async () => {
    const due = (await dueBuckets(stores, NOW, 500)).flat();
    expect(due).toHaveLength(DUE);
    expect(
      await closeBuckets(
        stores,
        due.map(({ _id }) => _id),
        NOW,
      ),
    ).toHaveLength(DUE);
    const closed = (await closedBuckets(stores, 500)).flat();
    expect(closed).toHaveLength(DUE);
    await deleteClosed(
      stores,
      closed.map(({ _id }) => _id),
    );
  });
  expect(queries.length).toBeGreaterThan(4);
  for (const query of queries) {
    const cost = costOf(await explain(connection, query));
    expect([shown(query), cost, problemOf(cost, { limit: 2 * DUE + 2 })]).toEqual([
      shown(query),
      cost,
      undefined,
    ]);
  }
});
