/**
 * `npm run bench [seconds a part]`: in one run, on one machine,
 * (a) a no-op mutation on bare Apollo Server 5 + Fastify,
 * (b) sendNotification, (c) sendNotifications × 100: accepted durably; the dispatcher is not running, so that
 *     accepting alone is measured, and then again with it, (d) accepted → inbox event at the WebSocket.
 * Server, data services and load share the machine's cores.
 */
import { cpus } from 'node:os';
import { call, prepare } from './measure/graph.ts';
import { type Load, load } from './measure/http-load.ts';
import { inboxLatency } from './measure/inbox-latency.ts';
import { end, forked, startPlatform } from './measure/platform.ts';

const seconds = Number(process.argv[2] ?? 8);
const BATCH = 100;
const RATE = 500;
const GOALS = { ratio: 0.35, accepted: 10_000, inboxP99Ms: 100 };

const SEND =
  'mutation Send($input: SendNotificationInput!) { sendNotification(input: $input) { notification { id state } deduplicated } }';
const SEND_MANY =
  'mutation SendMany($inputs: [SendNotificationInput!]!) { sendNotifications(inputs: $inputs) { notification { id state } deduplicated error { code field message } } }';

const say = (text: string) => process.stdout.write(`${text}\n`);
const shown = (what: string, l: Load, perRequest = 1) =>
  say(
    `  ${what.padEnd(46)} ${Math.round(l.requestsPerSecond * perRequest)
      .toLocaleString('en')
      .padStart(8)}/s   p50 ${String(l.p50Ms).padStart(4)} ms   p99 ${String(l.p99Ms).padStart(4)} ms`,
  );

async function bare(): Promise<Load> {
  const { child, said } = await forked<{ url: string }>('bare-apollo.ts', [], {
    ...process.env,
    NODE_ENV: 'production',
  });
  try {
    return await load(
      said.url,
      'hk_not_looked_at',
      {
        query:
          'mutation Noop($input: SendInput!) { noop(input: $input) { notification { id state } deduplicated } }',
        variables: { input: { body: 'Hello from the benchmark', to: 'bench-1' } },
      },
      seconds,
    );
  } finally {
    await end(child);
  }
}

say(`machine: ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}`);
const noop = await bare();
const platform = await startPlatform();
try {
  say(`data services: ${platform.engines}`);
  const calling = await prepare(platform.url, platform.operatorKey);
  const input = (i: number) => ({
    content: { body: 'Hello from the benchmark' },
    to: [{ user: calling.users[i % calling.users.length] }],
    channels: ['IN_APP'],
  });
  const graph = `${platform.url}/graphql`;
  const single = { query: SEND, variables: { input: input(1) } };
  const many = { query: SEND_MANY, variables: { inputs: Array.from({ length: BATCH }, (_, i) => input(i)) } };

  // Latency first: later parts leave a backlog.
  await platform.startDispatcher();
  const inbox = await inboxLatency(platform.url, platform.operatorKey, calling, RATE, seconds);
  await platform.stopDispatcher();
  const sendOne = await load(graph, calling.apiKey, single, seconds);
  const sendMany = await load(graph, calling.apiKey, many, seconds);
  await platform.startDispatcher();
  const sendOneBusy = await load(graph, calling.apiKey, single, seconds);
  const memory = await platform.memory();
  const check = await call<{ notifications: { totalCount: number } }>(
    platform.url,
    platform.operatorKey,
    '{ notifications(first: 1) { totalCount } }',
  );
  if (check.notifications.totalCount === 0) throw new Error('nothing was stored: these figures mean nothing');

  const ratio = sendOne.requestsPerSecond / noop.requestsPerSecond;
  const accepted = sendMany.requestsPerSecond * BATCH;
  say(`\n${seconds} s each, 50 connections`);
  shown('(a) no-op on bare Apollo Server + Fastify', noop);
  shown('(b) sendNotification', sendOne);
  shown('    … while the dispatcher works a backlog off', sendOneBusy);
  shown(`(c) sendNotifications × ${BATCH}, notifications`, sendMany, BATCH);
  const ms = (n: number) => `${n.toFixed(1)} ms`;
  say(`  (d) inbox event at the WebSocket, ${RATE}/s offered    ${inbox.events} events, all arrived`);
  say(
    `      from accepted   p50 ${ms(inbox.fromAccepted.p50)}   p99 ${ms(inbox.fromAccepted.p99)}   max ${ms(inbox.fromAccepted.max)}`,
  );
  say(
    `      from request    p50 ${ms(inbox.fromRequest.p50)}   p99 ${ms(inbox.fromRequest.p99)}   max ${ms(inbox.fromRequest.max)}`,
  );
  say(
    `  memory ${Object.entries(memory)
      .map(([role, bytes]) => `${role} ${Math.round(bytes / 2 ** 20)} MiB`)
      .join(', ')}`,
  );
  say('\ngoals');
  const goal = (met: boolean, text: string) => say(`  ${met ? 'met   ' : 'MISSED'} ${text}`);
  goal(ratio >= GOALS.ratio, `(b)/(a) = ${ratio.toFixed(2)}, at least ${GOALS.ratio}`);
  goal(
    accepted >= GOALS.accepted,
    `(c) = ${Math.round(accepted).toLocaleString('en')} notifications/s accepted, at least ${GOALS.accepted.toLocaleString('en')}`,
  );
  goal(
    inbox.fromAccepted.p99 <= GOALS.inboxP99Ms,
    `(d) p99 = ${ms(inbox.fromAccepted.p99)}, at most ${GOALS.inboxP99Ms} ms`,
  );
} finally {
  await platform.stop();
}
