/**
 * `npm run bench:live -- [--sockets n] [--events n] [--seconds n] [--clients n] [--only a,b,c,d]`: what it costs to deliver to open
 * sockets. The clients are processes of their own on the same machine. Parts:
 *   a   one topic: every socket has the same subscription, with one entity fetch in its selection
 *   b   as many users with a socket each, one message to each
 *   c   1,000 messages a second: accepted → at the user's socket
 *   d   the fan-out of (a) on a plain graphql-ws server, which executes once per subscriber: the ratio
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { machineLimits, sourceAddresses, tooLow } from './live/limits.ts';
import { type FanOutSize, type OneTopic, oneTopic } from './live/one-topic.ts';
import { atRate, ownMessages } from './live/own-inboxes.ts';
import type { Server } from './live/server-figures.ts';
import type { Memory } from './measure/memory.ts';
import type { Percentiles } from './measure/percentiles.ts';
import { end, forked, type Platform, settled, startPlatform } from './measure/platform.ts';
import { goal, ms, say } from './measure/report.ts';

const PARTS = ['a', 'b', 'c', 'd'] as const;
type Part = (typeof PARTS)[number];
const GOALS = { cpuMicros: 20, aimMicros: 12.5, kibPerSocket: 12, ratio: 10, acceptedP99Ms: 50 };
const PER_SECOND = 1_000;
/** Sockets among which the messages of (c) go round. */
const AT_RATE_SOCKETS = 1_000;

const { values } = parseArgs({
  options: {
    sockets: { type: 'string', default: '10000' },
    events: { type: 'string' },
    seconds: { type: 'string', default: '10' },
    clients: { type: 'string', default: '2' },
    only: { type: 'string', default: PARTS.join(',') },
  },
});
const whole = (name: 'sockets' | 'seconds' | 'clients' | 'events', least: number): number => {
  const n = Number(values[name]);
  if (Number.isInteger(n) && n >= least) return n;
  throw new Error(`--${name} is a whole number of at least ${least}, not ${values[name]}.`);
};
const sockets = whole('sockets', 50);
const seconds = whole('seconds', 1);
const clientProcesses = whole('clients', 1);
const wanted = values.only.split(',') as Part[];
const unknown = wanted.filter((part) => !PARTS.includes(part));
if (unknown.length > 0) throw new Error(`Give of --only: ${PARTS.join(', ')}. Not: ${unknown}`);

const limits = await machineLimits();
const low = tooLow(limits, sockets, clientProcesses);
if (low.length > 0) {
  process.stderr.write(`${sockets} sockets cannot be opened here:\n${low.map((l) => `  ${l}\n`).join('')}`);
  process.exit(1);
}

/** Few sockets need more events, or the 10 ms steps in which CPU is told are too coarse. */
const eventsFor = (deliveries: number, least: number): number =>
  Math.max(least, Math.min(200, Math.ceil(deliveries / sockets)));
const events = values.events === undefined ? eventsFor(100_000, 20) : whole('events', 1);
const size: FanOutSize = {
  sockets,
  clientProcesses,
  addresses: sourceAddresses(limits, sockets),
  events,
  warmUp: Math.max(5, Math.min(events, eventsFor(50_000, 5))),
};

const gatewayOf = (platform: Platform): Server => ({
  url: platform.url,
  pid: platform.gatewayPid,
  settle: platform.settle,
});
const count = (n: number) => n.toLocaleString('en');
const micros = (n: number) => `${n.toFixed(1)} µs`;
const kib = (bytes: number) => `${(bytes / 1_024).toFixed(1)} KiB`;
const spread = ({ p50, p99, max }: Percentiles) => `p50 ${ms(p50)}   p99 ${ms(p99)}   max ${ms(max)}`;

function sayMemory(memory: Memory, atWork: Memory): void {
  say(
    `  memory a socket: resident ${kib(memory.resident)}, proportional ${kib(memory.proportional)}; at work, with its garbage, ${kib(atWork.resident)}`,
  );
}

const smallMemory = (memory: Memory): void =>
  goal(
    memory.resident <= GOALS.kibPerSocket * 1_024,
    `${kib(memory.resident)} a socket, at most ${GOALS.kibPerSocket}`,
  );

function sayOneTopic(what: string, r: OneTopic): void {
  say(`\n${what}: ${count(r.sockets)} sockets, ${r.events} events, one at a time`);
  say(
    `  ${count(r.deliveries)} deliveries arrived, each once and in order; none at ${r.bystanders} sockets with another filter`,
  );
  say(
    `  server CPU ${micros(r.cpuMicros)} a delivery; idle ${(r.idle * 100).toFixed(1)} % of a core, taken off`,
  );
  say(
    `  of which ${micros(r.cpuMicrosPerSocket)} for one more socket; the event itself, with accepting and storing it, ${micros(r.cpuMicrosPerEvent)}`,
  );
  say(`  accepted → first socket   ${spread(r.toFirst)}`);
  say(`  accepted → last socket    ${spread(r.toLast)}`);
  sayMemory(r.memory, r.memoryAtWork);
}

let shared: OneTopic | undefined;

async function a(platform: Platform): Promise<void> {
  shared = await oneTopic(platform, gatewayOf(platform), size);
  sayOneTopic('a  one topic', shared);
  goal(
    shared.cpuMicros <= GOALS.cpuMicros,
    `${micros(shared.cpuMicros)} a delivery, at most ${GOALS.cpuMicros} (aim ${GOALS.aimMicros})`,
  );
  smallMemory(shared.memory);
}

async function b(platform: Platform): Promise<void> {
  const r = await ownMessages(platform, gatewayOf(platform), size);
  say(`\nb  own inboxes: ${count(r.sockets)} users with a socket each, one message to each`);
  say(`  ${count(r.deliveries)} deliveries arrived, each once, each at the user's own socket`);
  say(
    `  server CPU ${micros(r.cpuMicros)} a delivery; with accepting the message ${micros(r.cpuMicrosWithAccepting)}; idle ${(r.idle * 100).toFixed(1)} % of a core, taken off`,
  );
  say(
    `  first accepted → all at their sockets ${ms(r.allWithinMs)}, last accepted → last ${ms(r.lastAfterMs)}`,
  );
  say(`  accepted → socket         ${spread(r.fromAccepted)}`);
  sayMemory(r.memory, r.memoryAtWork);
  smallMemory(r.memory);
}

async function c(platform: Platform): Promise<void> {
  const r = await atRate(platform, gatewayOf(platform), {
    ...size,
    sockets: Math.min(sockets, AT_RATE_SOCKETS),
    perSecond: PER_SECOND,
    seconds,
    warmUpSeconds: Math.max(1, Math.min(10, seconds)),
  });
  say(
    `\nc  at ${count(PER_SECOND)}/s: ${count(r.messages)} messages to ${count(r.sockets)} users with a socket each`,
  );
  say(`  accepted → socket         ${spread(r.fromAccepted)}`);
  say(`  due → socket              ${spread(r.fromDue)}`);
  const { p99 } = r.fromAccepted;
  goal(p99 <= GOALS.acceptedP99Ms, `accepted → socket p99 = ${ms(p99)}, at most ${GOALS.acceptedP99Ms} ms`);
}

async function d(platform: Platform): Promise<void> {
  // Where (a) was not asked for: a ratio needs both in the same run.
  if (!shared) await a(platform);
  const { child, said } = await forked<{ url: string }>('plain-graphql-ws.ts', [], platform.env);
  try {
    const server = { url: said.url, pid: child.pid ?? 0, settle: () => settled(child) };
    const plain = await oneTopic(platform, server, { ...size, events: Math.ceil(size.events / 2) });
    sayOneTopic('d  the same on a plain graphql-ws server', plain);
    if (!shared) return;
    const ratio = plain.cpuMicros / shared.cpuMicros;
    goal(ratio >= GOALS.ratio, `(d)/(a) = ${ratio.toFixed(1)} in server CPU, at least ${GOALS.ratio}`);
    say(
      `         ${(plain.toLast.p50 / shared.toLast.p50).toFixed(1)} in the median time until the last socket`,
    );
  } finally {
    await end(child);
  }
}

say(`machine: ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}`);
say(`${count(sockets)} sockets from ${clientProcesses} processes and ${size.addresses.length} addresses`);
const runs = { a, b, c, d };
for (const part of PARTS.filter((p) => wanted.includes(p))) {
  // One key opens all sockets of (a), and some that watch something else.
  const platform = await startPlatform({
    LIVE_MAX_CONNECTIONS: String(2 * sockets + 1_000),
    LIVE_MAX_CONNECTIONS_PER_APP: String(2 * sockets + 1_000),
  });
  try {
    await platform.startDispatcher();
    if (part === PARTS.find((p) => wanted.includes(p))) say(`data services: ${platform.engines}`);
    await runs[part](platform);
  } finally {
    await platform.stop();
  }
}
