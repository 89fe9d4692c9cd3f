/** Open-loop: sends at a fixed rate; measures from the send's answer (and from its start) to the inbox event at the WebSocket. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { type Calling, call } from './graph.ts';
import { paced } from './paced.ts';
import { type Percentiles, percentiles } from './percentiles.ts';

export interface Latency {
  readonly events: number;
  readonly offeredPerSecond: number;
  /** From the answer of the send; an event may be there before it (0 then). */
  readonly fromAccepted: Percentiles;
  readonly fromRequest: Percentiles;
}
const WATCHERS = 50;
/** Sends before the measured ones: a process that has just started is not what is measured. */
const WARM_UP = 1_000;
/** What they have left to do is done by then. */
const SETTLE_MS = 2_000;

export async function inboxLatency(
  url: string,
  operatorKey: string,
  calling: Calling,
  perSecond: number,
  seconds: number,
): Promise<Latency> {
  const watched = calling.users.slice(0, WATCHERS);
  const arrivals = new Map<string, number>();
  const watchers = await Promise.all(watched.map((user) => watch(url, operatorKey, user, arrivals)));
  await sleep(500);
  await Promise.all(
    Array.from({ length: Math.min(WARM_UP, perSecond * seconds) }, (_, i) =>
      send(url, calling.apiKey, watched[i % WATCHERS] ?? '', `warm-up-${i}`),
    ),
  );
  await sleep(Math.min(SETTLE_MS, seconds * 1_000));
  arrivals.clear();
  const total = perSecond * seconds;
  const sent: { body: string; requested: number; accepted: Promise<number> }[] = [];
  const begin = performance.now();
  await paced(total, perSecond, (i) => {
    const body = `bench-message-${i}`;
    const requested = performance.now();
    sent.push({ body, requested, accepted: send(url, calling.apiKey, watched[i % WATCHERS] ?? '', body) });
  });
  const accepted = await Promise.all(sent.map(async (s) => ({ ...s, acceptedAt: await s.accepted })));
  const deadline = performance.now() + 15_000;
  while (arrivals.size < total && performance.now() < deadline) await sleep(20);
  for (const watcher of watchers) await watcher.dispose();
  if (arrivals.size < total) throw new Error(`${total - arrivals.size} of ${total} messages did not arrive`);
  const since = (from: (s: (typeof accepted)[number]) => number) =>
    percentiles(accepted.map((s) => Math.max(0, (arrivals.get(s.body) ?? Number.NaN) - from(s))));
  return {
    events: total,
    offeredPerSecond: total / ((performance.now() - begin) / 1000),
    fromAccepted: since((s) => s.acceptedAt),
    fromRequest: since((s) => s.requested),
  };
}

async function watch(url: string, operatorKey: string, user: string, arrivals: Map<string, number>) {
  const { createUserToken } = await call<{ createUserToken: { token: string } }>(
    url,
    operatorKey,
    'mutation($u: ID!) { createUserToken(user: $u) { token } }',
    { u: user },
  );
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${createUserToken.token}` },
  });
  client.subscribe<{ inboxEvents: { message: { body: string } } }>(
    { query: 'subscription { inboxEvents { type unreadCount message { id body } } }' },
    {
      next: ({ data }) => {
        if (data) arrivals.set(data.inboxEvents.message.body, performance.now());
      },
      error: (error) => console.error('watcher:', error),
      complete: () => undefined,
    },
  );
  return client;
}

async function send(url: string, key: string, user: string, body: string): Promise<number> {
  await call(
    url,
    key,
    'mutation($i: SendNotificationInput!) { sendNotification(input: $i) { notification { id } } }',
    {
      i: { content: { body }, to: [{ user }], channels: ['IN_APP'], priority: 'HIGH' },
    },
  );
  return performance.now();
}
