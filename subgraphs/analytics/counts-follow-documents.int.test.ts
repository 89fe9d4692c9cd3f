/** Counts are those of the documents, whatever becomes of Redis between a delivery's change and its counting. */
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenPlatform, openPlatform, WORKSPACE } from '../../checks/explain/open-platform.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import type {
  AttemptOutcome,
  DeliveryRecord,
  NotificationRecord,
  PlannedDelivery,
} from '../notifications/index.ts';
import { notification } from '../notifications/testing/open-store.ts';

const services = freshDatabase();
let platform: OpenPlatform;
let redis: Redis;
beforeAll(async () => {
  redis = new Redis(services.redisUrl);
  platform = await openPlatform(services);
});
afterAll(async () => {
  redis?.disconnect();
  await platform?.close();
});

const APP = 'app_counted';
async function accepted(count: number, changes: Partial<NotificationRecord> = {}) {
  const records = Array.from({ length: count }, () =>
    notification({ workspace: WORKSPACE, app: APP, template: 'welcome', ...changes }),
  );
  await platform.connection.collection<NotificationRecord>('notifications').insertMany(records);
  return records;
}
const content = { body: 'Hello', locale: 'en' };
const email = (number: number): PlannedDelivery => ({
  channel: 'EMAIL',
  address: `u${number}@example.com`,
  content,
});
const plan = (records: readonly NotificationRecord[], deliveries: readonly PlannedDelivery[]) =>
  platform.store.outbox.storePlans(
    records.map((notification) => ({ notification, deliveries })),
    new Date(),
  );
const claim = (ids: readonly string[], fence: string) =>
  platform.store.outbox.claim(ids, 0, fence, new Date(), new Date(Date.now() + 60_000));
const outcome = (delivery: DeliveryRecord, result: AttemptOutcome['result']): AttemptOutcome => ({
  delivery,
  attempt: { at: new Date(), provider: 'test', ok: result.kind === 'sent', latencyMs: 1 },
  result,
});

/** Every way in which a delivery can go. */
async function liveThrough(): Promise<void> {
  const { outbox } = platform.store;
  const records = await accepted(5);
  const { queued } = await plan(records, [
    email(1),
    email(2),
    email(3),
    { channel: 'IN_APP', user: 'ann', content },
    { channel: 'SMS', user: 'ann', skipReason: 'NO_ADDRESS' },
    { channel: 'SLACK', address: '#x', renderError: 'no such helper' },
  ]);
  const claimed = await claim(
    queued.map((d) => d.id),
    'one',
  );
  await outbox.record(
    claimed.map((delivery, i) =>
      outcome(
        delivery,
        i % 3 === 0
          ? { kind: 'sent' }
          : i % 3 === 1
            ? { kind: 'failed' }
            : { kind: 'retry', nextAttemptAt: new Date(Date.now() + 60_000) },
      ),
    ),
    'one',
  );
  // A worker that lost its claim changes nothing, and counts nothing.
  await outbox.record(
    claimed.map((delivery) => outcome(delivery, { kind: 'sent' })),
    'another',
  );
  // Expired between its planning and its attempt: storing a plan does not ask.
  const late = await plan(await accepted(3, { expiresAt: new Date(Date.now() - 1) }), [email(4)]);
  await claim(
    late.queued.map((d) => d.id),
    'late',
  );
  for (const { _id } of await accepted(2).then(async (own) => {
    await plan(own, [email(5), email(6)]);
    return own;
  }))
    await platform.run('notifications', 'mutation ($id: ID!) { cancelNotification(id: $id) { id } }', {
      id: _id,
    });
}

/** From the documents alone. */
async function countsOfDocuments(): Promise<Record<string, number>> {
  const all = await platform.connection.collection<DeliveryRecord>('deliveries').find({}).toArray();
  const count = (has: (d: DeliveryRecord) => unknown) => all.filter((d) => Boolean(has(d))).length;
  return {
    queued: count((d) => d.state !== 'SKIPPED'),
    sent: count((d) => d.sentAt && d.channel !== 'IN_APP'),
    delivered: count((d) => d.deliveredAt),
    failed: count((d) => d.failedAt),
    skipped: count((d) => d.state === 'SKIPPED'),
    expired: count((d) => d.expiredAt),
    canceled: count((d) => d.canceledAt),
  };
}
const TOTALS = 'queued sent delivered failed skipped expired canceled';
const ask = (of: OpenPlatform) =>
  of.run<{ deliveryStats: { totals: object }; _entities: { stats: object }[] }>(
    'analytics',
    `query ($r: [_Any!]!) {
      deliveryStats { totals { ${TOTALS} } }
      _entities(representations: $r) { ... on App { stats { ${TOTALS} } } ... on Template { stats { ${TOTALS} } } }
    }`,
    {
      r: [
        { __typename: 'App', id: APP },
        { __typename: 'Template', id: 'welcome' },
      ],
    },
  );
async function loseAllOfRedis(): Promise<void> {
  const keys: string[] = [];
  for await (const found of redis.scanStream({ match: `{${services.namespace}:*`, count: 1_000 }))
    keys.push(...(found as string[]));
  expect(keys.length).toBeGreaterThan(0);
  await redis.unlink(...keys);
}

describe('counts', () => {
  it('are those of the documents after Redis has lost everything before it was counted', async () => {
    await liveThrough();
    await loseAllOfRedis();
    await liveThrough();
    await loseAllOfRedis();
    const expected = await countsOfDocuments();
    // The test means something: every state is among them.
    expect(Object.values(expected).every((n) => n > 0)).toBe(true);
    const counting = await openPlatform(services, { fold: true });
    try {
      await expect
        .poll(() => ask(counting))
        .toEqual({
          deliveryStats: { totals: expected },
          _entities: [{ stats: expected }, { stats: expected }],
        });
      // And on: what happens while it counts.
      await Promise.all([liveThrough(), liveThrough()]);
      await loseAllOfRedis();
      const more = await countsOfDocuments();
      expect(more.queued).toBeGreaterThan(expected.queued ?? 0);
      await expect.poll(async () => (await ask(counting)).deliveryStats.totals).toEqual(more);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect((await ask(counting)).deliveryStats.totals).toEqual(more);
    } finally {
      await counting.close();
    }
  });
});
