/** What each step of a notification's way costs, by the real functions. */
import { type OpenPlatform, WORKSPACE } from '../../checks/explain/open-platform.ts';
import type { Principal } from '../../platform/auth/principal.ts';
import { PRIORITIES } from '../../platform/graphql/contract-enums.ts';
import { newId } from '../../platform/names/ids.ts';
import type {
  DeliveryRecord,
  NotificationRecord,
  PlannedDelivery,
} from '../../subgraphs/notifications/index.ts';
import { USERS } from './fill.ts';

export interface Figure {
  readonly step: string;
  /**
   * In milliseconds for one notification (or one page, one round of the sweeper): the lower quartile of the rounds,
   * because what else the machine does only ever adds.
   */
  readonly ms: number;
}

const ROUNDS = 25;
/** Not counted: connections, code and caches become warm. */
const WARM_UP = 5;
const BATCH = 100;

/** One step: `prepare` is not measured. */
interface Step<T> {
  readonly name: string;
  /** Notifications that one round handles. */
  readonly per: number;
  prepare(round: number): Promise<T>;
  run(prepared: T, round: number): Promise<unknown>;
}

async function measure<T>({ name, per, prepare, run }: Step<T>): Promise<Figure> {
  const took: number[] = [];
  for (let round = 0; round < ROUNDS + WARM_UP; round++) {
    const prepared = await prepare(round);
    const started = performance.now();
    await run(prepared, round);
    if (round >= WARM_UP) took.push((performance.now() - started) / per);
  }
  return { step: name, ms: took.sort((a, b) => a - b)[Math.floor(took.length / 4)] ?? Number.NaN };
}

const nothing = async () => undefined;
const SEND =
  'mutation ($i: SendNotificationInput!) { sendNotification(input: $i) { notification { id } deduplicated } }';
const SEND_MANY =
  'mutation ($i: [SendNotificationInput!]!) { sendNotifications(inputs: $i) { notification { id } error { code } } }';
const LIST =
  'query ($f: NotificationFilter, $a: String) { notifications(filter: $f, first: 25, after: $a) { nodes { id state createdAt } pageInfo { endCursor hasNextPage } } }';

/** In the order in which a notification meets them. */
export async function measureAll(platform: OpenPlatform): Promise<Figure[]> {
  const { outbox } = platform.store;
  const user = (round: number) => `filled-${(round * 7) % USERS}`;
  const input = (round: number, key?: string) => ({
    ...(key !== undefined && { idempotencyKey: key }),
    content: { body: 'Hello from the benchmark' },
    to: [{ user: user(round) }],
    channels: ['EMAIL'],
    sendAt: new Date(Date.now() + 3_600_000).toISOString(),
  });
  const run = platform.run;
  const operate = (query: string, variables: Record<string, unknown>, as?: Principal) =>
    run<Record<string, { pageInfo: { endCursor: string } }>>('notifications', query, variables, as);
  const principal = (round: number): Principal => ({
    kind: 'user',
    workspace: WORKSPACE,
    user: user(round),
    expiresAt: 4e9,
  });
  const planned = async (channel: 'EMAIL' | 'IN_APP', round: number) => {
    const records = await due(platform, BATCH);
    return records.map((notification, i) => ({
      notification,
      deliveries: [deliveryTo(channel, user(round * BATCH + i))],
    }));
  };
  const claimed = async (round: number) => {
    const { queued } = await outbox.storePlans(await planned('EMAIL', round), new Date());
    const fence = `growth-${round}`;
    const ids = queued.map((d) => d.id);
    return { deliveries: await outbox.claim(ids, 0, fence, new Date(), inAMinute()), fence, ids };
  };

  const figures: Figure[] = [];
  const add = async <T>(step: Step<T>) => void figures.push(await measure(step));
  await add({
    name: 'accept: sendNotification',
    per: 1,
    prepare: nothing,
    run: (_, round) => operate(SEND, { i: input(round) }),
  });
  await add({
    name: 'accept: … the same idempotency key again',
    per: 1,
    prepare: async (round) => {
      const i = input(round, newId('ntf'));
      await operate(SEND, { i });
      return i;
    },
    run: (i) => operate(SEND, { i }),
  });
  await add({
    name: `accept: sendNotifications × ${BATCH}`,
    per: BATCH,
    prepare: async (round) => Array.from({ length: BATCH }, (_, i) => input(round * BATCH + i)),
    run: (i) => operate(SEND_MANY, { i }),
  });
  await add({
    name: `plan: ${BATCH} read, deliveries stored`,
    per: BATCH,
    prepare: (round) => planned('EMAIL', round),
    run: async (pages) => {
      await outbox.duePlans(
        pages.map((page) => page.notification._id),
        new Date(),
      );
      await outbox.storePlans(pages, new Date());
    },
  });
  await add({
    name: `plan: ${BATCH} in-app messages stored`,
    per: BATCH,
    prepare: (round) => planned('IN_APP', round),
    run: (pages) => outbox.storePlans(pages, new Date()),
  });
  await add({
    name: `send: ${BATCH} deliveries claimed`,
    per: BATCH,
    prepare: async (round) =>
      (await outbox.storePlans(await planned('EMAIL', round), new Date())).queued.map((d) => d.id),
    run: (ids, round) => outbox.claim(ids, 0, `claim-${round}`, new Date(), inAMinute()),
  });
  await add({
    name: `record: ${BATCH} outcomes, notifications completed`,
    per: BATCH,
    prepare: claimed,
    run: ({ deliveries, fence }) => outbox.record(deliveries.map(sent), fence),
  });
  await add({
    name: `sweep: a round that finds ${BATCH} and ${BATCH}`,
    per: 1,
    prepare: async (round) => {
      const { deliveries, fence } = await claimed(round);
      const past = new Date(Date.now() - 1_000);
      await outbox.defer(
        deliveries.map((d) => ({ delivery: d._id, until: past })),
        fence,
      );
      await due(platform, BATCH, past);
    },
    run: () => sweep(platform),
  });
  await add({
    name: 'sweep: a round that finds nothing',
    per: 1,
    prepare: nothing,
    run: () => sweep(platform),
  });
  await add({ name: 'read: list, first page', per: 1, prepare: nothing, run: () => operate(LIST, {}) });
  await add({
    name: 'read: list, a further page',
    per: 1,
    prepare: async () => (await operate(LIST, {})).notifications?.pageInfo.endCursor,
    run: (a) => operate(LIST, { a }),
  });
  await add({
    name: 'read: list, by state and channel',
    per: 1,
    prepare: nothing,
    run: () => operate(LIST, { f: { state: ['COMPLETED'], channel: ['EMAIL'] } }),
  });
  await add({
    name: 'read: list, of one user',
    per: 1,
    prepare: nothing,
    run: (_, round) => operate(LIST, { f: { user: user(round) } }),
  });
  await add({
    name: 'read: inbox page with its counter',
    per: 1,
    prepare: nothing,
    run: (_, round) => operate('{ inbox { unreadCount nodes { id body } } }', {}, principal(round)),
  });
  return figures;
}

const inAMinute = () => new Date(Date.now() + 60_000);

/** Accepted notifications, written as accepting does. */
async function due(platform: OpenPlatform, count: number, at = new Date()): Promise<NotificationRecord[]> {
  const records = Array.from({ length: count }, (): NotificationRecord => {
    const _id = newId('ntf');
    return {
      _id,
      workspace: WORKSPACE,
      app: 'app_bench',
      idem: `${WORKSPACE}|app_bench|${_id}`,
      lane: 'MEDIUM',
      state: 'ACCEPTED',
      priority: 'MEDIUM',
      content: { body: 'Hello from the benchmark' },
      to: [{ user: 'filled-1' }],
      channels: ['EMAIL'],
      createdAt: at,
      dueAt: at,
      // Left alone by the sweeper unless it is due now.
      nextAttemptAt: at <= new Date(Date.now() - 500) ? at : new Date(Date.now() + 600_000),
      planned: false,
    };
  });
  await platform.connection.collection<NotificationRecord>('notifications').insertMany(records);
  return records;
}

const deliveryTo = (channel: 'EMAIL' | 'IN_APP', user: string): PlannedDelivery => ({
  channel,
  user,
  ...(channel === 'EMAIL' && { address: `${user}@example.com` }),
  content: { body: 'Hello from the benchmark', locale: 'en' },
});

const sent = (delivery: DeliveryRecord) => ({
  delivery,
  attempt: { at: new Date(), provider: 'none', ok: true, latencyMs: 1 },
  result: { kind: 'sent' as const, providerMessageId: delivery._id },
});

async function sweep({ store }: OpenPlatform): Promise<void> {
  const now = new Date();
  const nextLook = new Date(now.getTime() + 3_600_000);
  const round = { now, nextLook, limit: 5_000 };
  for (const priority of PRIORITIES) {
    await store.outbox.sweepPlans(priority, round);
    await store.outbox.sweepDeliveries({ channel: 'EMAIL', priority }, round);
  }
}
