/** 2,000 clients lose their connections at once and come back: spread by chance, and without hurting the others. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInbox, type Inbox } from '../../client/browser/inbox.ts';
import { type LinkProxy, startProxy } from '../../faults/links/tcp-proxy.ts';
import { signUserToken } from '../../platform/auth/user-token.ts';
import { DEFAULT_WORKSPACE } from '../../platform/names/ids.ts';
import { until } from '../client/people.ts';
import { usePlatform } from '../support/platform.ts';

const CLIENTS = 2_000;
/** Clients that connect at a time in the beginning. */
const AT_ONCE = 50;
const GAP_MS = 50;
/** A message of somebody else may take so long from its send while they come back; on a busy machine so much longer than before. */
const BYSTANDER_P99_MS = 1_500;
const BYSTANDER_TIMES = 15;
const BACK_WITHIN_MS = 30_000;

const jwtSecret = randomBytes(48).toString('base64url');
const platform = usePlatform({ HERALD_JWT_SECRET: jwtSecret });
const inboxes: Inbox[] = [];
let link: LinkProxy;

const tokenOf = async (user: string) =>
  (await signUserToken(jwtSecret, { workspace: DEFAULT_WORKSPACE, user, ttlSeconds: 3_600 })).token;
const user = (n: number) => `storm-${n}`;
const isLive = ({ status }: { readonly status: string }) => status === 'live';

function inboxOf(id: string, url: string): Inbox {
  const inbox = createInbox({ url, token: () => tokenOf(id), shareSocket: false, pageSize: 5 });
  inboxes.push(inbox);
  inbox.start();
  return inbox;
}

const p99Of = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? Number.NaN;

const send = (to: readonly string[], body: string) =>
  platform.app.data(
    'mutation Send($input: SendNotificationInput!) { sendNotification(input: $input) { deduplicated } }',
    { input: { content: { body }, to: to.map((id) => ({ user: id })), channels: ['IN_APP'] } },
  );

beforeAll(async () => {
  const users = Array.from({ length: CLIENTS }, (_, n) => ({ id: user(n) }));
  for (let n = 0; n < CLIENTS; n += 1_000)
    await platform.app.data('mutation Users($users: [UserInput!]!) { upsertUsers(users: $users) { id } }', {
      users: users.slice(n, n + 1_000),
    });
  await platform.app.data('mutation { upsertUsers(users: [{ id: "bystander" }]) { id } }');
  link = await startProxy(Number(new URL(platform.url).port));
});
afterAll(async () => {
  for (const inbox of inboxes) inbox.close();
  await link?.close();
});

test('they come back without hurting others, and miss nothing', async () => {
  const clients: Inbox[] = [];
  for (let n = 0; n < CLIENTS; n += AT_ONCE) {
    const some = Array.from({ length: AT_ONCE }, (_, i) =>
      inboxOf(user(n + i), `http://127.0.0.1:${link.port}`),
    );
    await Promise.all(some.map((inbox) => until(inbox, 'live', isLive, 60_000)));
    clients.push(...some);
  }
  const bystander = inboxOf('bystander', platform.url);
  await until(bystander, 'bystander live', isLive);

  let going = true;
  const sentAt = new Map<string, number>();
  const latencies: number[] = [];
  bystander.subscribe(() => {
    for (const { body } of bystander.getSnapshot().messages) {
      const at = sentAt.get(body);
      if (at === undefined) continue;
      latencies.push(performance.now() - at);
      sentAt.delete(body);
    }
  });
  const others = (async () => {
    for (let n = 0; going; n++) {
      sentAt.set(`beside ${n}`, performance.now());
      await send(['bystander'], `beside ${n}`);
      await sleep(GAP_MS);
    }
  })();

  await sleep(4_000);
  const before = p99Of(latencies);
  await link.cut();
  await Promise.all(clients.map((inbox) => until(inbox, 'offline', (now) => !isLive(now), 30_000)));
  // Sent while nobody is there.
  for (let n = 0; n < CLIENTS; n += 500)
    await send(
      Array.from({ length: 500 }, (_, i) => user(n + i)),
      'while away',
    );
  latencies.length = 0;
  const restoredAt = performance.now();
  await link.restore();
  const back: number[] = [];
  await Promise.all(
    clients.map(async (inbox) => {
      await until(inbox, 'back', (now) => isLive(now) && now.unreadCount === 1, 60_000);
      back.push(performance.now() - restoredAt);
    }),
  );
  going = false;
  await others;
  await sleep(1_000);

  const p99 = p99Of(latencies);
  console.log(
    `${CLIENTS} clients back after ${Math.round(Math.min(...back))} to ${Math.round(Math.max(...back))} ms; beside them ${latencies.length} messages, p99 ${Math.round(p99)} ms (${Math.round(before)} ms before)`,
  );
  expect(Math.max(...back)).toBeLessThan(BACK_WITHIN_MS);
  expect(latencies.length).toBeGreaterThan(10);
  expect(p99).toBeLessThan(Math.max(BYSTANDER_P99_MS, BYSTANDER_TIMES * before));
  expect(sentAt.size).toBe(0);
  for (const inbox of clients)
    expect(inbox.getSnapshot().messages.map(({ body }) => body)).toEqual(['while away']);
}, 240_000);
