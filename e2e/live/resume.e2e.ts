/**
 * Nothing missing, nothing twice, in order: several writers in processes of their own, a gateway and a notifications
 * subgraph as processes, clients that are cut off at random, and the subgraph killed in the middle.
 * RESUME_MESSAGES=100000 runs the long form.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import webPush from 'web-push';
import { WebSocket } from 'ws';
import { signUserToken } from '../../platform/auth/user-token.ts';
import { freePort } from '../../platform/data-services/free-port.ts';
import { DEFAULT_WORKSPACE } from '../../platform/names/ids.ts';
import { messageId } from '../../subgraphs/notifications/inbox/inbox-service.ts';
import { notification, type OpenStore, openStore } from '../../subgraphs/notifications/testing/open-store.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { eventually } from '../support/eventually.ts';
import { HeraldProcess, isReady } from '../support/herald-process.ts';
import { untilHeard } from '../support/until-heard.ts';

const MESSAGES = Number(process.env.RESUME_MESSAGES ?? 3_000);
const WRITERS = 4;
const USERS = Array.from({ length: 20 }, (_, n) => `reader-${n}`);
const KILLS = 2;
const TIMEOUT_MS = 300_000 + MESSAGES * 40;

const database = freshDatabase();
const jwtSecret = randomBytes(48).toString('base64url');
const settings: Record<string, string> = {};
let store: OpenStore;
let gateway: HeraldProcess;
let subgraph: HeraldProcess;
let gatewayUrl: string;
let subgraphUrl: string;
const readers: Reader[] = [];

const startSubgraph = () =>
  new HeraldProcess(['start', '--role', 'notifications'], {
    ...settings,
    PORT: new URL(subgraphUrl).port,
    SHUTDOWN_GRACE_MS: '0',
  });
const ready = (process: HeraldProcess, url: string) =>
  process.until(url, async () => ((await isReady(url)) ? true : undefined));

beforeAll(async () => {
  store = await openStore(database);
  gatewayUrl = `http://127.0.0.1:${await freePort()}`;
  subgraphUrl = `http://127.0.0.1:${await freePort()}`;
  const vapid = webPush.generateVAPIDKeys();
  Object.assign(settings, {
    MONGODB_URI: database.mongodbUri,
    REDIS_URL: database.redisUrl,
    HERALD_NAMESPACE: database.namespace,
    HERALD_ADMIN_KEY: `ho_${randomBytes(32).toString('base64url')}`,
    HERALD_JWT_SECRET: jwtSecret,
    HERALD_GATEWAY_SECRET: randomBytes(32).toString('base64url'),
    HERALD_SECRET_KEY: randomBytes(32).toString('base64url'),
    VAPID_PUBLIC_KEY: vapid.publicKey,
    VAPID_PRIVATE_KEY: vapid.privateKey,
    WEBHOOK_SIGNING_SECRET: `whsec_${randomBytes(32).toString('base64')}`,
    NOTIFICATIONS_URL: `${subgraphUrl}/graphql`,
    // Longer than a killed subgraph takes to come back on a busy machine.
    LIVE_RESUME_TIMEOUT_MS: '120000',
    // Sixty readers in this one process may take their time to answer there.
    LIVE_PING_INTERVAL_MS: '60000',
  });
  subgraph = startSubgraph();
  gateway = new HeraldProcess(['start', '--role', 'gateway'], {
    ...settings,
    PORT: new URL(gatewayUrl).port,
  });
  await ready(subgraph, subgraphUrl);
  // It is not ready without the other subgraphs, which these subscriptions do not need.
  await gateway.until('gateway', async () => {
    const answer = await fetch(`${gatewayUrl}/healthz`).catch(() => undefined);
    return answer?.ok || undefined;
  });
});

afterAll(async () => {
  for (const reader of readers) reader.close();
  await gateway?.stop();
  await subgraph?.stop();
  await store?.close();
});

const SUBSCRIPTION = `subscription ($after: ID) { inboxEvents(after: $after) { type message { id body } } }`;
/** What the message says after which everything is judged: by then all subscriptions run. */
const BEGIN = 'begin';
/** The gateway has to find the cursor by itself. */
const WITHOUT_IDS = `subscription { inboxEvents { message { body } } }`;

/** May be cut while it connects. */
class CutSocket extends WebSocket {
  constructor(url: string, protocol: string) {
    super(url, protocol);
    this.on('error', () => undefined);
  }
}

/** One connection of a user, that notes what it gets; after BEGIN, from there on. */
class Reader {
  ids: string[] = [];
  readonly problems: unknown[] = [];
  events = 0;
  connections = 0;
  hasBegun = false;
  /** Something, over the present connection. */
  hasHeard = false;
  /** The last message: where it goes on. */
  #after: string | undefined;
  #client: ReturnType<typeof createClient> | undefined;
  #closed = false;
  readonly #token: string;
  readonly #query: string;

  constructor(token: string, query: string) {
    this.#token = token;
    this.#query = query;
    readers.push(this);
    this.connect();
  }

  /** Goes on after the last message. */
  connect(): void {
    if (this.#closed) return;
    this.connections++;
    this.hasHeard = false;
    const client = createClient({
      url: `${gatewayUrl.replace('http', 'ws')}/graphql`,
      webSocketImpl: CutSocket,
      connectionParams: { authorization: `Bearer ${this.#token}` },
      retryAttempts: 0,
      lazy: true,
    });
    this.#client = client;
    const current = () => client === this.#client && !this.#closed;
    client.subscribe<{ inboxEvents: { message: { id?: string; body: string } } }>(
      { query: this.#query, variables: { after: this.#after } },
      {
        next: ({ data, errors }) => {
          if (!current()) return;
          if (errors) this.problems.push(errors);
          this.events += 1;
          this.hasHeard = true;
          const { id, body } = data?.inboxEvents.message ?? {};
          if (id) {
            this.ids.push(id);
            this.#after = id;
          }
          if (body === BEGIN) {
            this.hasBegun = true;
            this.ids = [];
            this.events = 0;
          }
        },
        error: (error) => {
          if (current()) this.problems.push(error);
        },
        complete: () => {
          if (current()) this.problems.push('complete');
        },
      },
    );
  }

  close(): void {
    this.#closed = true;
    this.#client?.terminate();
  }

  reconnect(): void {
    const old = this.#client;
    this.#client = undefined;
    old?.terminate();
    this.connect();
  }
}

const tokenOf = async (user: string) =>
  (await signUserToken(jwtSecret, { workspace: DEFAULT_WORKSPACE, user, ttlSeconds: 7_200 })).token;

/** A message to everybody. */
async function writeToAll(body: string): Promise<void> {
  const record = notification({ to: USERS.map((user) => ({ user })) });
  await store.models.raw.notifications.insertOne(record);
  const deliveries = USERS.map((user) => ({
    channel: 'IN_APP' as const,
    user,
    content: { body, locale: 'en' },
  }));
  await store.outbox.storePlans([{ notification: record, deliveries }], new Date());
}

const pause = (ms: number) => new Promise((settle) => setTimeout(settle, ms));

async function write(writer: number): Promise<void> {
  const child = spawn(process.execPath, [resolve(import.meta.dirname, 'inbox-writer.ts')], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      MONGODB_URI: database.mongodbUri,
      REDIS_URL: database.redisUrl,
      NAMESPACE: database.namespace,
      WRITER: String(writer),
      USERS: USERS.join(','),
      MESSAGES: String(Math.ceil(MESSAGES / WRITERS)),
    },
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`writer ${writer} ended with ${code}`);
}

test(
  `${MESSAGES} messages: each subscriber gets each of its own exactly once, in order`,
  async () => {
    const steady = new Map<string, Reader>();
    const blind = new Map<string, Reader>();
    const restless = new Map<string, Reader>();
    for (const user of USERS) {
      const token = await tokenOf(user);
      steady.set(user, new Reader(token, SUBSCRIPTION));
      blind.set(user, new Reader(token, WITHOUT_IDS));
      restless.set(user, new Reader(token, SUBSCRIPTION));
    }
    const all = (is: (reader: Reader) => boolean) =>
      eventually(
        async () => {
          expect(readers.flatMap(({ problems }) => problems)).toEqual([]);
          return readers.filter((reader) => !is(reader)).length;
        },
        (left) => expect(left).toBe(0),
        60_000,
      );
    await untilHeard(
      all(({ events }) => events > 0),
      () => writeToAll('before'),
    );
    await writeToAll(BEGIN);
    await all(({ hasBegun }) => hasBegun);

    let writing = true;
    const written = Promise.all(Array.from({ length: WRITERS }, (_, n) => write(n))).finally(() => {
      writing = false;
    });
    const cutting = (async () => {
      const cut = [...restless.values()];
      while (writing) {
        await pause(20 + Math.random() * 80);
        const reader = cut[Math.floor(Math.random() * cut.length)];
        // Not one that is on its way back: a slow machine would have ever more of them to serve.
        if (reader?.hasHeard) reader.reconnect();
      }
    })();
    const killing = (async () => {
      for (let kill = 0; kill < KILLS; kill++) {
        await pause(1_500);
        await subgraph.kill();
        await pause(300);
        subgraph = startSubgraph();
        await ready(subgraph, subgraphUrl);
      }
    })();
    await Promise.all([written, cutting, killing]);

    const expected = new Map<string, string[]>();
    for (const user of USERS) {
      const messages = await store.inbox.after({ workspace: 'default', user }, 0, 1_000_000);
      const begin = messages.findLastIndex(({ body }) => body === BEGIN);
      expected.set(user, messages.slice(begin + 1).map(messageId));
    }
    const total = [...expected.values()].reduce((sum, ids) => sum + ids.length, 0);
    expect(total).toBe(Math.ceil(MESSAGES / WRITERS) * WRITERS);

    const arrived = () =>
      USERS.every((user) => {
        const count = expected.get(user)?.length ?? 0;
        return [steady, restless, blind].every((kind) => (kind.get(user)?.events ?? 0) >= count);
      });
    const end = Date.now() + 120_000;
    while (!arrived() && Date.now() < end) await pause(100);
    // What would come twice comes about now.
    await pause(1_000);
    expect(readers.flatMap(({ problems }) => problems)).toEqual([]);
    for (const user of USERS) {
      expect(steady.get(user)?.ids).toEqual(expected.get(user));
      expect(restless.get(user)?.ids).toEqual(expected.get(user));
      expect(blind.get(user)?.events).toBe(expected.get(user)?.length);
    }
    const cuts = [...restless.values()].reduce((sum, { connections }) => sum + connections - 1, 0);
    // Fast writers leave little time to be cut off in.
    expect(cuts).toBeGreaterThan(5);
    const metrics = await fetch(`${gatewayUrl}/metrics`).then((response) => response.text());
    const resumed = /herald_live_upstream_resumes_total\{[^}]*outcome="resumed"\} (\d+)/.exec(metrics)?.[1];
    console.log(`${total} messages, ${cuts} cuts, ${KILLS} kills, ${resumed} subscriptions taken up again`);
    expect(Number(resumed)).toBeGreaterThan(0);
  },
  TIMEOUT_MS,
);
