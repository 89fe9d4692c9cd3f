/**
 * A package is published 20 times while its event is sent, over two gateways and two dispatchers: each message is wholly
 * of one version, a version is in force everywhere within a second of the answer, and nothing is lost.
 * The long form: PUBLISH_LOAD_RATE=1000 PUBLISH_LOAD_SECONDS=60.
 */
import mongoose from 'mongoose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../../testing/fresh.ts';
import { eventually } from '../support/eventually.ts';
import { Graph } from '../support/graph.ts';
import { RoleCluster } from '../support/role-cluster.ts';

const RATE = Number(process.env.PUBLISH_LOAD_RATE ?? 200);
const SECONDS = Number(process.env.PUBLISH_LOAD_SECONDS ?? 10);
const PUBLISHES = 20;
/** Sends of one request. */
const BATCH = Math.max(1, Math.round(RATE / 20));
const IN_FORCE_MS = 1_000;

const database = freshDatabase();
const cluster = new RoleCluster(database, { gateway: 2, dispatcher: 2, templates: 2, notifications: 1 });
let gateways: readonly Graph[] = [];
let store: mongoose.Connection;

beforeAll(async () => {
  await cluster.start();
  gateways = [0, 1].map((index) => new Graph(cluster.of('gateway', index).url, cluster.operatorKey));
  store = await mongoose.createConnection(database.mongodbUri).asPromise();
  await gateway(0).data('mutation { savePackage(input: { id: "load", name: "Load" }) { id } }');
  await publish(1);
});
afterAll(async () => {
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

/** Starts a request every so often, whatever became of those before. */
async function load(): Promise<Request[]> {
  const waiting: Promise<Request>[] = [];
  const started = Date.now();
  for (let number = 0; Date.now() < started + SECONDS * 1_000; number++) {
    waiting.push(send(number));
    const next = started + ((number + 1) * BATCH * 1_000) / RATE;
    await new Promise((settle) => setTimeout(settle, Math.max(0, next - Date.now())));
  }
  return Promise.all(waiting);
}

interface StoredDelivery {
  readonly notification: string;
  readonly state: string;
  readonly content?: { readonly title?: string; readonly body: string; readonly html?: string };
}

test('each message is wholly of one version, which is the newest one a second later; nothing is lost', {
  timeout: (SECONDS * 4 + 120) * 1_000,
}, async () => {
  /** When the publish of a version began and was answered. */
  const published: { version: number; began: number; answered: number }[] = [
    { version: 1, began: 0, answered: 0 },
  ];
  const sending = load();
  const gap = (SECONDS * 1_000 * 0.9) / PUBLISHES;
  for (let version = 2; version < 2 + PUBLISHES; version++) {
    const began = Date.now();
    await publish(version);
    published.push({ version, began, answered: Date.now() });
    await new Promise((settle) => setTimeout(settle, Math.max(0, began + gap - Date.now())));
  }
  const requests = await sending;
  const accepted = requests.flatMap(({ ids }) => ids);
  await eventually(
    () => store.collection('notifications').countDocuments({ state: 'COMPLETED' }),
    (count) => expect(count).toBe(accepted.length),
    60_000,
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

  const versionOf = new Map<string, number>();
  for (const { notification, content } of deliveries) {
    const said = [content?.title, content?.body, content?.html, categories.get(notification)].join(' ');
    const marks = [...said.matchAll(/(title|body|html|partial|route)-(\d+)\./g)];
    expect(marks.map(([, part]) => part)).toEqual(['title', 'body', 'partial', 'html', 'partial', 'route']);
    const versions = new Set(marks.map(([, , version]) => version));
    expect(versions.size, said).toBe(1);
    versionOf.set(notification, Number([...versions][0]));
  }

  let late = 0;
  for (const { from, ids } of requests) {
    const atLeast = published.findLast(({ answered }) => answered + IN_FORCE_MS < from)?.version ?? 1;
    for (const id of ids) {
      const version = versionOf.get(id) ?? 0;
      expect(version, `sent at ${from}`).toBeGreaterThanOrEqual(atLeast);
      const newest = published.findLast(({ answered }) => answered < from)?.version ?? 1;
      if (version < newest) late++;
    }
  }
  // Each version was sent: the load went on all the while.
  expect(new Set(versionOf.values()).size).toBeGreaterThan(PUBLISHES / 2);
  console.log(
    `${accepted.length} messages, ${new Set(versionOf.values()).size} versions; ${late} were of the one before, within a second of a publish`,
  );
});
