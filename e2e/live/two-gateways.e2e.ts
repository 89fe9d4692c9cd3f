/**
 * Two gateways and two dispatchers behind a load balancer. A gateway and a dispatcher are killed under a stream of
 * messages: clients resume at the other gateway, and nobody misses a message or has one twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createInbox, type Inbox } from '../../client/browser/inbox.ts';
import { Herald } from '../../client/node/herald.ts';
import { signUserToken } from '../../platform/auth/user-token.ts';
import { DEFAULT_WORKSPACE } from '../../platform/names/ids.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { bodies, until } from '../client/people.ts';
import { type Balancer, startBalancer } from '../support/balancer.ts';
import { eventually } from '../support/eventually.ts';
import { Graph } from '../support/graph.ts';
import { RoleCluster } from '../support/role-cluster.ts';
import { untilHeard } from '../support/until-heard.ts';

const USERS = Array.from({ length: 20 }, (_, n) => `reader-${String(n).padStart(2, '0')}`);
const ROUNDS = 40;
const ROUND_MS = 250;
/** Rounds after which something is killed. */
const KILL_GATEWAY = 12;
const KILL_DISPATCHER = 24;
/** What the killed dispatcher had claimed others take over a minute later, at its default time-outs. */
const ALL_WITHIN_MS = 150_000;

const cluster = new RoleCluster(freshDatabase(), { gateway: 2, dispatcher: 2 });
let balancer: Balancer;
let apiKey: string;
const inboxes: Inbox[] = [];

const tokenOf = async (user: string) =>
  (await signUserToken(cluster.jwtSecret, { workspace: DEFAULT_WORKSPACE, user, ttlSeconds: 3_600 })).token;

/** How many sockets a gateway holds. */
async function socketsOf(gateway: number): Promise<number> {
  const metrics = await (await fetch(`${cluster.of('gateway', gateway).url}/metrics`)).text();
  return Number(/^herald_live_connections (\d+)/m.exec(metrics)?.[1]);
}

beforeAll(async () => {
  await cluster.start();
  balancer = await startBalancer([cluster.of('gateway', 0).url, cluster.of('gateway', 1).url]);
  const operator = new Graph(balancer.url, cluster.operatorKey);
  const { createApp } = await operator.data<{ createApp: { apiKey: string } }>(
    'mutation { createApp(name: "Shop") { apiKey } }',
  );
  apiKey = createApp.apiKey;
  await operator.data('mutation Users($users: [UserInput!]!) { upsertUsers(users: $users) { id } }', {
    users: USERS.map((id) => ({ id })),
  });
});

afterAll(async () => {
  for (const inbox of inboxes) inbox.close();
  await balancer?.close();
  await cluster.stop();
});

test('a message that is sent at one gateway comes live at the other', async () => {
  const [user = ''] = USERS;
  const person = new Graph(cluster.of('gateway', 1).url, await tokenOf(user));
  const events = person.events<{ inboxEvents: { message: { body: string } } }>(
    'subscription { inboxEvents { message { body } } }',
  );
  const app = new Graph(cluster.of('gateway', 0).url, apiKey);
  const send = () =>
    app.data(
      'mutation Send($input: SendNotificationInput!) { sendNotification(input: $input) { deduplicated } }',
      { input: { content: { body: 'across' }, to: [{ user }], channels: ['IN_APP'] } },
    );
  const { value } = await untilHeard(events.next(), send);
  await events.return();
  expect(value).toEqual({ inboxEvents: { message: { body: 'across' } } });
});

test('a gateway and a dispatcher are killed under load: nothing is missing, nothing comes twice', async () => {
  const readers = USERS.slice(1);
  const twice: string[] = [];
  for (const user of readers) {
    const inbox = createInbox({
      url: balancer.url,
      token: () => tokenOf(user),
      shareSocket: false,
      pageSize: 100,
    });
    inbox.subscribe(() => {
      const ids = inbox.getSnapshot().messages.map(({ id }) => id);
      if (new Set(ids).size !== ids.length) twice.push(user);
    });
    inbox.start();
    inboxes.push(inbox);
  }
  await Promise.all(inboxes.map((inbox) => until(inbox, 'live', ({ status }) => status === 'live')));
  const atFirst = [await socketsOf(0), await socketsOf(1)];
  expect(Math.min(...atFirst)).toBeGreaterThan(0);

  const herald = new Herald({ url: balancer.url, apiKey });
  const sent: Promise<unknown>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (round === KILL_GATEWAY) await cluster.of('gateway', 0).process.kill();
    if (round === KILL_DISPATCHER) await cluster.of('dispatcher', 0).process.kill();
    for (const user of readers)
      sent.push(
        herald.send({
          content: { body: `message ${String(round).padStart(3, '0')}` },
          to: [{ user }],
          channels: ['IN_APP'],
        }),
      );
    await sleep(ROUND_MS);
  }
  await Promise.all(sent);
  await herald.close();

  const expected = Array.from({ length: ROUNDS }, (_, round) => `message ${String(round).padStart(3, '0')}`);
  for (const inbox of inboxes) {
    const all = await until(
      inbox,
      'all',
      ({ messages, status, unreadCount }) =>
        messages.length >= ROUNDS && status === 'live' && unreadCount === ROUNDS,
      ALL_WITHIN_MS,
    );
    expect(bodies(all)).toEqual(expected);
  }
  expect(twice).toEqual([]);
  await eventually(
    () => socketsOf(1),
    (now) => expect(now).toBe(readers.length),
  );
});
