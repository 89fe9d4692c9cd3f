/**
 * `npm run bench -- [seconds a part] [--only part,part]`: in one run, on one machine. Server, data services and
 * load share the machine's cores. Parts:
 *   accept   (a) a no-op mutation on bare Apollo Server 5 + Fastify, (b) sendNotification, (c) sendNotifications × 100:
 *            accepted durably, without a dispatcher; (b) again at 1,000 requests/s offered
 *   inbox    accepted → stored and published, 1,000/s offered; → inbox event at the WebSocket, 500/s offered
 *   send     accepted → planned, sent to a provider that does nothing → outcome stored
 *   otp      one-time passwords while 200,000 LOW messages wait
 *   rest     memory at rest, time until ready
 */
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { endToEnd } from './measure/end-to-end.ts';
import { type Calling, call, prepare } from './measure/graph.ts';
import { type Load, load } from './measure/http-load.ts';
import { inboxLatency } from './measure/inbox-latency.ts';
import { openLoop } from './measure/open-loop.ts';
import { otpUnderLoad } from './measure/otp-under-load.ts';
import { end, forked, type Platform, startPlatform } from './measure/platform.ts';
import { publishedLatency } from './measure/published-latency.ts';
import { goal, ms, say, shown } from './measure/report.ts';
import { atRest } from './measure/rest.ts';

const PARTS = ['rest', 'inbox', 'accept', 'send', 'otp'] as const;
type Part = (typeof PARTS)[number];
const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
const seconds = Number(positionals[0] ?? 8);
/** Below, as in the tests, it is the parts that matter, not the figures. */
const full = seconds >= 8;
const wanted = (values.only?.split(',') ?? PARTS) as readonly Part[];
const unknown = wanted.filter((part) => !PARTS.includes(part));
if (!(seconds > 0) || unknown.length > 0)
  throw new Error(`Give seconds, and of --only: ${PARTS.join(', ')}. Not: ${[...unknown, positionals[0]]}`);

const BATCH = 100;
const SETTLE_MS = 3_000;
const GOALS = {
  ratio: 0.5,
  singleP99Ms: 10,
  accepted: 20_000,
  publishedP99Ms: 20,
  watchedP99Ms: 100,
  sentPerSecond: 6_000,
  otpP99Ms: 250,
  restMiB: 400,
  readyMs: 5_000,
};

const SEND =
  'mutation Send($input: SendNotificationInput!) { sendNotification(input: $input) { notification { id state } deduplicated } }';
const SEND_MANY =
  'mutation SendMany($inputs: [SendNotificationInput!]!) { sendNotifications(inputs: $inputs) { notification { id state } deduplicated error { code field message } } }';

async function bare(): Promise<Load> {
  const { child, said } = await forked<{ url: string }>('bare-apollo.ts', [], {
    ...process.env,
    NODE_ENV: 'production',
  });
  try {
    const query =
      'mutation Noop($input: SendInput!) { noop(input: $input) { notification { id state } deduplicated } }';
    const variables = { input: { body: 'Hello from the benchmark', to: 'bench-1' } };
    return await load(said.url, 'hk_not_looked_at', { query, variables }, seconds);
  } finally {
    await end(child);
  }
}

async function accept(platform: Platform, calling: Calling): Promise<void> {
  await platform.stopDispatcher();
  const input = (i: number) => ({
    content: { body: 'Hello from the benchmark' },
    to: [{ user: calling.users[i % calling.users.length] }],
    channels: ['IN_APP'],
  });
  const graph = `${platform.url}/graphql`;
  const single = { query: SEND, variables: { input: input(1) } };
  const many = { query: SEND_MANY, variables: { inputs: Array.from({ length: BATCH }, (_, i) => input(i)) } };
  const noop = await bare();
  const sendOne = await load(graph, calling.apiKey, single, seconds);
  const sendMany = await load(graph, calling.apiKey, many, seconds);
  // A server that has been up for a while, and has nothing left to do.
  await sleep(Math.min(SETTLE_MS, seconds * 1_000));
  const atRate = await openLoop(graph, calling.apiKey, single, seconds, 1_000);
  const stored = await call<{ notifications: { totalCount: number } }>(
    platform.url,
    platform.operatorKey,
    '{ notifications(first: 1) { totalCount } }',
  );
  if (stored.notifications.totalCount === 0)
    throw new Error('nothing was stored: these figures mean nothing');
  say(`\naccept, ${seconds} s each, 50 connections`);
  shown('(a) no-op on bare Apollo Server + Fastify', noop);
  shown('(b) sendNotification', sendOne);
  shown('    the same, 1,000/s offered', atRate);
  shown(`(c) sendNotifications × ${BATCH}, notifications`, sendMany, BATCH);
  const ratio = sendOne.requestsPerSecond / noop.requestsPerSecond;
  const accepted = sendMany.requestsPerSecond * BATCH;
  goal(ratio >= GOALS.ratio, `(b)/(a) = ${ratio.toFixed(2)}, at least ${GOALS.ratio}`);
  goal(
    atRate.p99Ms <= GOALS.singleP99Ms,
    `p99 at 1,000/s = ${ms(atRate.p99Ms)}, at most ${GOALS.singleP99Ms} ms`,
  );
  goal(
    accepted >= GOALS.accepted,
    `(c) = ${Math.round(accepted).toLocaleString('en')} notifications/s, at least ${GOALS.accepted.toLocaleString('en')}`,
  );
}

async function inbox(platform: Platform, calling: Calling): Promise<void> {
  await platform.startDispatcher();
  const { url, operatorKey, redisUrl } = platform;
  const published = await publishedLatency({ url, redisUrl, calling, perSecond: 1_000, seconds });
  const watched = await inboxLatency(url, operatorKey, calling, 500, seconds);
  await platform.stopDispatcher();
  say(`\ninbox, ${seconds} s each, from the answer of the send`);
  const row = (what: string, events: number, p: typeof published.fromAccepted) =>
    say(`  ${what.padEnd(46)} ${events} events   p50 ${ms(p.p50)}   p99 ${ms(p.p99)}   max ${ms(p.max)}`);
  row('stored and published, 1,000/s offered', published.events, published.fromAccepted);
  row('inbox event at the WebSocket, 500/s offered', watched.events, watched.fromAccepted);
  const p99 = published.fromAccepted.p99;
  goal(p99 <= GOALS.publishedP99Ms, `published p99 = ${ms(p99)}, at most ${GOALS.publishedP99Ms} ms`);
  const watchedP99 = watched.fromAccepted.p99;
  goal(
    watchedP99 <= GOALS.watchedP99Ms,
    `at the WebSocket p99 = ${ms(watchedP99)}, at most ${GOALS.watchedP99Ms} ms`,
  );
}

async function send(platform: Platform, calling: Calling): Promise<void> {
  await platform.stopDispatcher();
  await platform.startDispatcher('no-op-dispatcher');
  const { url, recorded, memory } = platform;
  const long = Math.max(seconds, full ? 60 : 0);
  const perSecond = GOALS.sentPerSecond;
  const result = await endToEnd({ url, calling, perSecond, seconds: long, recorded, memory });
  await platform.stopDispatcher();
  say(`\nsend, ${long} s, ${perSecond.toLocaleString('en')}/s offered in batches of 100`);
  say(
    `  accepted ${Math.round(result.offeredPerSecond)}/s, sent and stored ${Math.round(result.sentPerSecond)}/s`,
  );
  say(`  all stored ${ms(result.drainedAfterMs)} after the last was accepted`);
  say(`  a second: ${result.bySecond.join(' ')}`);
  for (const role of Object.keys(result.memory[0] ?? {}))
    say(`  MiB ${role}: ${result.memory.map((m) => Math.round((m[role] ?? 0) / 2 ** 20)).join(' ')}`);
  goal(
    result.sentPerSecond >= 0.98 * perSecond,
    `sent and stored ${Math.round(result.sentPerSecond)}/s, at least ${perSecond}`,
  );
}

async function otp(platform: Platform, calling: Calling): Promise<void> {
  const low = full ? 200_000 : 20_000;
  const result = await otpUnderLoad(platform, calling, { low, perSecond: 20, seconds });
  await platform.stopDispatcher();
  const { p50, p99, max } = result.fromAccepted;
  say(`\notp, ${result.otps} one-time passwords while ${low.toLocaleString('en')} LOW messages wait`);
  say(`  accepted → sent   p50 ${ms(p50)}   p99 ${ms(p99)}   max ${ms(max)}`);
  say(
    `  LOW ${Math.round(result.lowPerSecond)}/s meanwhile, in the worst five seconds ${result.leastLowInFiveSeconds}`,
  );
  goal(p99 <= GOALS.otpP99Ms, `OTP p99 = ${ms(p99)}, at most ${GOALS.otpP99Ms} ms`);
  goal(result.leastLowInFiveSeconds > 0, 'LOW is not starved');
}

async function rest({ mongodbUri, redisUrl }: Platform): Promise<void> {
  const { readyAfterMs, bytes } = await atRest(mongodbUri, redisUrl, full ? 10_000 : 1_000);
  const mib = Object.entries(bytes).map(([role, own]) => [role, Math.round(own / 2 ** 20)] as const);
  const all = mib.reduce((sum, [, own]) => sum + own, 0);
  say('\nrest, `herald start` on running data services');
  say(`  MiB ${mib.map(([role, own]) => `${role} ${own}`).join(', ')}`);
  goal(readyAfterMs <= GOALS.readyMs, `ready after ${ms(readyAfterMs)}, at most 5 s`);
  goal(all <= GOALS.restMiB, `all roles ${all} MiB, at most ${GOALS.restMiB}`);
}

say(`machine: ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}`);
const runs = { rest, inbox, accept, send, otp };
for (const part of PARTS.filter((p) => wanted.includes(p))) {
  // Each on a store of its own: none works off another's backlog.
  const platform = await startPlatform();
  try {
    if (part === wanted[0]) say(`data services: ${platform.engines}`);
    await runs[part](platform, await prepare(platform.url, platform.operatorKey));
  } finally {
    await platform.stop();
  }
}
