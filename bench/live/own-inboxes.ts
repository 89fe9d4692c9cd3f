/** Many users with a socket each: a message goes to one of them. */
import { type Memory, memoryOf } from '../measure/memory.ts';
import { paced } from '../measure/paced.ts';
import { type Percentiles, percentiles } from '../measure/percentiles.ts';
import type { Platform } from '../measure/platform.ts';
import { Clients } from './clients.ts';
import { machineMs } from './clock.ts';
import { messageBody, OWN_OPERATION } from './frames.ts';
import { createApp, createPeople, tokensOf } from './people.ts';
import type { Collected, Opening } from './protocol.ts';
import { Sender } from './sender.ts';
import { cpuOf, idleShare, perSocket, quiet, type Server, settledMemory } from './server-figures.ts';

const BATCH = 100;
/** Batches under way at a time. */
const BATCHES = 4;
/** Sockets and messages of the warm-up. */
const FEW = 20;
const WARM_UP = 200;

const watched = (n: number) => `live-${n}`;
const unwatched = (n: number) => `away-${n}`;

interface Inboxes {
  readonly sender: Sender;
  readonly clients: Clients;
  readonly users: readonly string[];
  readonly empty: Memory;
}

export interface InboxesSize {
  readonly sockets: number;
  readonly clientProcesses: number;
  readonly addresses: readonly string[];
}

async function openInboxes(platform: Platform, server: Server, size: InboxesSize): Promise<Inboxes> {
  const { sockets, addresses } = size;
  const sender = new Sender(platform.url, await createApp(platform));
  const users = Array.from({ length: sockets }, (_, n) => watched(n));
  const away = Array.from({ length: sockets }, (_, n) => unwatched(n));
  await createPeople(
    platform,
    [...users, ...away].map((id) => ({ id, name: id })),
  );
  const tokens = await tokensOf(platform, users);
  const opening = (count: number): Opening => ({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    operations: [{ query: OWN_OPERATION }],
    sockets: users.slice(0, count).map((user, i) => ({
      authorization: `Bearer ${tokens[i]}`,
      from: addresses[i % addresses.length] ?? '127.0.0.1',
      operation: 0,
      gets: 'own',
      user,
    })),
  });
  // What the first sockets load, plan and compile is not what a socket costs.
  const few = await Clients.start(1);
  try {
    await few.open(opening(FEW));
    await quiet(server);
    await few.reset(WARM_UP);
    for (let n = 0; n < WARM_UP; n++) {
      const user = watched(n % FEW);
      await sender.send([{ user, body: messageBody(n, user) }]);
    }
    await few.haveOwn(() => WARM_UP / FEW);
  } finally {
    await few.close();
  }
  const clients = await Clients.start(size.clientProcesses);
  try {
    const empty = await settledMemory(server);
    await clients.open(opening(sockets));
    await quiet(server);
    return { sender, clients, users, empty };
  } catch (error) {
    await clients.close();
    throw error;
  }
}

export interface OwnMessages {
  readonly sockets: number;
  readonly deliveries: number;
  /** Server CPU of one delivery, without idle time and without accepting the message. */
  readonly cpuMicros: number;
  /** The same with accepting it: the subgraphs run in the gateway's process. */
  readonly cpuMicrosWithAccepting: number;
  readonly idle: number;
  /** From the first acceptance to the last socket, and from the last acceptance. */
  readonly allWithinMs: number;
  readonly lastAfterMs: number;
  readonly fromAccepted: Percentiles;
  readonly memory: Memory;
  readonly memoryAtWork: Memory;
}

/**
 * One message to each of the users, as fast as they are accepted.
 * @throws Error when a message does not come exactly once to whom it is for, or comes to another.
 */
export async function ownMessages(
  platform: Platform,
  server: Server,
  size: InboxesSize,
): Promise<OwnMessages> {
  const { sender, clients, users, empty } = await openInboxes(platform, server, size);
  try {
    const accepted: number[] = [];
    const sendAll = async (to: (n: number) => string) => {
      let next = 0;
      const worker = async () => {
        while (next < users.length) {
          const from = next;
          next += BATCH;
          const numbers = users.slice(from, next).map((_, i) => from + i);
          const at = await sender.send(numbers.map((n) => ({ user: to(n), body: messageBody(n, to(n)) })));
          for (const n of numbers) accepted[n] = at;
        }
      };
      await Promise.all(Array.from({ length: BATCHES }, worker));
    };
    const sendAndWait = async () => {
      await sendAll(watched);
      await clients.haveOwn(() => 1);
    };
    await clients.reset(users.length);
    await sendAndWait();
    await sendAll(unwatched);
    await clients.reset(users.length);
    const full = await settledMemory(server);
    const idle = await idleShare(server, users.length);
    // What accepting costs alone: the same messages to users who are not watched.
    const accepting = await cpuOf(server, idle, async () => {
      await sendAll(unwatched);
      await quiet(server);
    });
    let begin = 0;
    const all = await cpuOf(server, idle, async () => {
      begin = machineMs();
      await sendAndWait();
      await quiet(server);
    });
    const atWork = await memoryOf(server.pid);
    const arrived = arrivals(await clients.collect(), users.length);
    const last = arrived.reduce((latest, at) => Math.max(latest, at), 0);
    return {
      sockets: users.length,
      deliveries: arrived.length,
      cpuMicros: ((all - accepting) * 1_000) / users.length,
      cpuMicrosWithAccepting: (all * 1_000) / users.length,
      idle,
      allWithinMs: last - begin,
      lastAfterMs: Math.max(0, last - accepted.reduce((latest, at) => Math.max(latest, at), 0)),
      fromAccepted: percentiles(accepted.map((at, n) => Math.max(0, (arrived[n] ?? Number.NaN) - at))),
      memory: perSocket(empty, full, users.length),
      memoryAtWork: perSocket(empty, atWork, users.length),
    };
  } finally {
    await clients.close();
    await sender.close();
  }
}

export interface AtRate {
  readonly sockets: number;
  readonly messages: number;
  readonly fromAccepted: Percentiles;
  /** From when a message was due to be sent: a stall of the server, or of the sender, is in it. */
  readonly fromDue: Percentiles;
}

/**
 * Messages at a fixed rate, one request each, to one user after the other.
 * @throws Error as `ownMessages`.
 */
export async function atRate(
  platform: Platform,
  server: Server,
  size: InboxesSize & {
    readonly perSecond: number;
    readonly seconds: number;
    readonly warmUpSeconds: number;
  },
): Promise<AtRate> {
  const { sender, clients, users } = await openInboxes(platform, server, size);
  try {
    const userOf = (n: number) => users[n % users.length] ?? '';
    const run = async (count: number) => {
      await clients.reset(count);
      const offset = machineMs() - performance.now();
      const due: number[] = [];
      const sent: Promise<number>[] = [];
      await paced(count, size.perSecond, (n, at) => {
        due.push(at + offset);
        sent.push(sender.send([{ user: userOf(n), body: messageBody(n, userOf(n)) }]));
      });
      const accepted = await Promise.all(sent);
      const numberOf = new Map(users.map((user, i) => [user, i]));
      await clients.haveOwn((user) => Math.ceil((count - (numberOf.get(user) ?? 0)) / users.length));
      return { due, accepted };
    };
    await run(size.perSecond * size.warmUpSeconds);
    await quiet(server);
    const count = size.perSecond * size.seconds;
    const { due, accepted } = await run(count);
    const arrived = arrivals(await clients.collect(), count);
    const since = (from: readonly number[]) =>
      percentiles(from.map((at, n) => Math.max(0, (arrived[n] ?? Number.NaN) - at)));
    return { sockets: users.length, messages: count, fromAccepted: since(accepted), fromDue: since(due) };
  } finally {
    await clients.close();
    await sender.close();
  }
}

/** When each message came, in whichever process its user is. @throws Error when one did not. */
function arrivals(parts: readonly Collected[], messages: number): readonly number[] {
  const arrived = Array.from({ length: messages }, (_, n) =>
    parts.reduce((sum, part) => sum + (part.arrived[n] ?? 0), 0),
  );
  const missing = arrived.filter((at) => at === 0).length;
  if (missing > 0) throw new Error(`${missing} of ${messages} messages did not come`);
  return arrived;
}
