/**
 * Two processes of each role that has a part in sending. A package is published 20 times while its event is sent through
 * both gateways, each with subgraphs of its own: each message is wholly of one version, a version is in force everywhere
 * within a second of the answer, also where Redis tells nobody of it, and nothing is lost. Then, on the same platform:
 * all else that changes while it runs.
 * The long form: PUBLISH_LOAD_RATE=1000 PUBLISH_LOAD_SECONDS=60.
 */
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase } from '../../testing/fresh.ts';
import { eventually } from '../support/eventually.ts';
import { Graph } from '../support/graph.ts';
import { RoleCluster } from '../support/role-cluster.ts';
import { type Change, Changes } from './changes.ts';
import { Deafness } from './deafness.ts';
import { judge, type Message, type Publish } from './judge.ts';

const RATE = Number(process.env.PUBLISH_LOAD_RATE ?? 200);
const SECONDS = Number(process.env.PUBLISH_LOAD_SECONDS ?? 10);
const PUBLISHES = 20;
/** Versions of whose publish Redis tells nobody. */
const [DEAF_FROM, DEAF_UNTIL] = [8, 14];
/** Sends of one request. */
const BATCH = Math.max(1, Math.round(RATE / 20));
const IN_FORCE_MS = 1_000;
/** That changes are told of takes milliseconds; so much on a busy machine. Whoever was not told takes longer, but for what is published. */
const TOLD_MS = 3_000;
/** One look at each kind is no statistics: a process may have stood still just then. */
const MARGIN_MS = 2_000;

const database = freshDatabase();
const cluster = new RoleCluster(database, {
  gateway: 2,
  dispatcher: 2,
  notifications: 2,
  templates: 2,
});
const deafness = new Deafness(database.redisUrl);
let gateways: readonly Graph[] = [];
let store: mongoose.Connection;
let changes: Changes | undefined;
let kinds: readonly Change[] = [];

beforeAll(async () => {
  await cluster.start();
  gateways = [0, 1].map((index) => new Graph(cluster.of('gateway', index).url, cluster.operatorKey));
  store = await mongoose.createConnection(database.mongodbUri).asPromise();
  await gateway(0).data('mutation { savePackage(input: { id: "load", name: "Load" }) { id } }');
  await publish(1);
  changes = new Changes(
    [0, 1].map((index) => cluster.of('gateway', index).url),
    cluster.operatorKey,
    store,
  );
  kinds = await changes.all();
});
afterAll(async () => {
  await changes?.close();
  await deafness.close();
  await store?.close();
  await cluster.stop();
});

function gateway(index: number): Graph {
  const found = gateways[index % gateways.length];
  if (!found) throw new Error('no gateway');
  return found;
}

/** Everything of a version says which one it is. */
async function publish(version: number): Promise<void> {
  await gateway(version).data(
    `mutation Publish($partial: PartialInput!, $template: TemplateInput!, $route: RouteInput!) {
      savePartial(input: $partial) { id }
      saveTemplate(input: $template) { id }
      saveRoute(input: $route) { event }
      publishPackage(id: "load") { publishedVersion }
    }`,
    {
      partial: { id: 'load-mark', source: `partial-${version}.`, package: 'load' },
      template: {
        id: 'load',
        name: 'Load',
        package: 'load',
        contents: [
          {
            channel: 'EMAIL',
            title: `title-${version}.`,
            body: `body-${version}. {{> load-mark}}`,
            html: `<p>html-${version}. {{> load-mark}}</p>`,
          },
        ],
      },
      route: { event: 'load.sent', template: 'load', category: `route-${version}.`, package: 'load' },
    },
  );
}

const SEND = `mutation Send($inputs: [SendNotificationInput!]!) {
  sendNotifications(inputs: $inputs) { notification { id } error { code message } }
}`;
interface SentMany {
  readonly sendNotifications: readonly {
    readonly notification: { readonly id: string } | null;
    readonly error: unknown;
  }[];
}
/** When a request was made and answered, and what it was answered. */
interface Request {
  readonly from: number;
  readonly ids: readonly string[];
}

async function send(number: number): Promise<Request> {
  const from = Date.now();
  const { sendNotifications } = await gateway(number).data<SentMany>(SEND, {
    inputs: Array.from({ length: BATCH }, (_, at) => ({
      event: 'load.sent',
      to: [{ channel: 'EMAIL', address: `load-${number}-${at}@example.org` }],
    })),
  });
  expect(sendNotifications.filter(({ error }) => error)).toEqual([]);
  return { from, ids: sendNotifications.map(({ notification }) => notification?.id ?? '') };
}

/**
 * Starts a request every so often, whatever became of those before; after SECONDS one at a time, on a machine so slow
 * that publishing has not ended by then.
 */
async function load(publishing: Promise<unknown>): Promise<Request[]> {
  const waiting: Promise<Request>[] = [];
  const started = Date.now();
  let isPublishing = true;
  const ended = () => {
    isPublishing = false;
  };
  publishing.then(ended, ended);
  const isTime = () => Date.now() < started + SECONDS * 1_000;
  for (let number = 0; isPublishing || isTime(); number++) {
    const sending = send(number);
    waiting.push(sending);
    if (!isTime()) await sending;
    const next = started + ((number + 1) * BATCH * 1_000) / RATE;
    await new Promise((settle) => setTimeout(settle, Math.max(0, next - Date.now())));
  }
  return Promise.all(waiting);
}

/** One after the other, and when each was answered. */
async function publishAll(): Promise<Publish[]> {
  const published: Publish[] = [{ version: 1, answeredAt: 0 }];
  const gap = (SECONDS * 1_000 * 0.9) / PUBLISHES;
  for (let version = 2; version < 2 + PUBLISHES; version++) {
    const began = Date.now();
    if (version === DEAF_FROM) await deafness.begin();
    if (version === DEAF_UNTIL) deafness.end();
    await publish(version);
    published.push({ version, answeredAt: Date.now() });
    await new Promise((settle) => setTimeout(settle, Math.max(0, began + gap - Date.now())));
  }
  return published;
}

interface StoredDelivery {
  readonly notification: string;
  readonly state: string;
  readonly content?: { readonly title?: string; readonly body: string; readonly html?: string };
}

test('each message is wholly of one version, which is the newest one a second later; nothing is lost', {
  timeout: (SECONDS * 4 + 240) * 1_000,
}, async () => {
  const publishing = publishAll();
  const requests = await load(publishing);
  const published = await publishing;
  const accepted = requests.flatMap(({ ids }) => ids);
  await eventually(
    () => store.collection('notifications').countDocuments({ state: 'COMPLETED' }),
    (count) => expect(count).toBe(accepted.length),
    120_000,
  );

  const categories = new Map(
    (await store.collection('notifications').find().project({ category: 1 }).toArray()).map((record) => [
      String(record._id),
      String(record.category),
    ]),
  );
  const deliveries = await store.collection<StoredDelivery>('deliveries').find().toArray();
  expect(deliveries.map(({ notification }) => notification).sort()).toEqual(accepted.toSorted());
  expect(new Set(deliveries.map(({ state }) => state))).toEqual(new Set(['SENT']));

  const sentAt = new Map(requests.flatMap(({ from, ids }) => ids.map((id) => [id, from] as const)));
  const messages: Message[] = deliveries.map(({ notification, content }) => ({
    sentAt: sentAt.get(notification) ?? 0,
    text: [content?.title, content?.body, content?.html, categories.get(notification)].join(' '),
  }));
  const { wrong, versions, late } = judge(messages, published, IN_FORCE_MS);
  expect(wrong.slice(0, 5)).toEqual([]);
  // The load went on all the while.
  expect(versions.size).toBeGreaterThan(PUBLISHES / 4);
  expect(deafness.cut).toBeGreaterThan(0);
  console.log(
    `${messages.length} messages, ${versions.size} versions; ${late} were of the one before, within a second of a publish`,
  );
});

describe.each([
  { how: 'is told by Redis', isDeaf: false },
  { how: 'is missed, for all subscriptions are cut meanwhile', isDeaf: true },
])('a change that $how', ({ isDeaf }) => {
  test('is in force on all processes', async () => {
    await Promise.all(kinds.map(({ before }) => before()));
    if (isDeaf) await deafness.begin();
    const made = await Promise.all(
      kinds.map(async (kind) => {
        await kind.make();
        return { ...kind, answeredAt: Date.now() };
      }),
    );
    deafness.end();
    const took = await Promise.all(
      made.map(async ({ what, isSeen, missedMs, answeredAt }) => {
        for (;;) {
          // When it was asked: a slow answer says nothing of what was in force.
          const afterMs = Date.now() - answeredAt;
          if (await isSeen()) return `${what} ${afterMs} ms`;
          const withinMs = isDeaf ? missedMs : Math.min(missedMs, TOLD_MS);
          expect(afterMs, what).toBeLessThan(withinMs + MARGIN_MS);
        }
      }),
    );
    console.log(`seen when looked for after: ${took.join(', ')}`);
  });
});
