/** Many sockets with the same subscription: each event goes to all of them. */
import { type Memory, memoryOf } from '../measure/memory.ts';
import { type Percentiles, percentiles } from '../measure/percentiles.ts';
import type { Platform } from '../measure/platform.ts';
import { Clients } from './clients.ts';
import { eventName, SHARED_OPERATION } from './frames.ts';
import { createApp, createPeople } from './people.ts';
import type { Opening } from './protocol.ts';
import { Sender } from './sender.ts';
import { cpuOf, idleShare, perSocket, quiet, type Server, settledMemory } from './server-figures.ts';

export interface OneTopic {
  readonly sockets: number;
  readonly bystanders: number;
  readonly events: number;
  readonly deliveries: number;
  /** Server CPU of one delivery, idle time taken off; the event's own work is shared by its deliveries. */
  readonly cpuMicros: number;
  /** What one more socket adds to an event, and what the event costs with hardly any: accepted, stored, completed. */
  readonly cpuMicrosPerSocket: number;
  readonly cpuMicrosPerEvent: number;
  /** Share of a core that the server uses with all sockets open and no event. */
  readonly idle: number;
  /** From the answer to the send until the first and the last socket has the event. */
  readonly toFirst: Percentiles;
  readonly toLast: Percentiles;
  /** Memory of one socket with its subscription, garbage collected. */
  readonly memory: Memory;
  /** The same at the end of the events, with whatever garbage there is. */
  readonly memoryAtWork: Memory;
}

/** These watch another state on the same server, and must hear nothing. */
const BYSTANDERS = 10;
/** Sockets of the warm-up. */
const FEW = 20;

export interface FanOutSize {
  readonly sockets: number;
  readonly clientProcesses: number;
  readonly addresses: readonly string[];
  /** Events measured, and before that, for the compilers. */
  readonly events: number;
  readonly warmUp: number;
}

/**
 * @param server the one whose sockets are opened: the platform's gateway, or another.
 * @throws Error when an event does not come to every socket exactly once and in order, or to a bystander.
 */
export async function oneTopic(platform: Platform, server: Server, size: FanOutSize): Promise<OneTopic> {
  const { sockets, events, warmUp, addresses } = size;
  const sender = new Sender(platform.url, await createApp(platform));
  // An event is known by the name of the user that it is sent to.
  const people = Array.from({ length: Math.max(events, warmUp) }, (_, n) => ({
    id: `event-${n}`,
    name: eventName(n),
  }));
  await createPeople(platform, people);
  const opening = (count: number): Opening => ({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    operations: [
      { query: SHARED_OPERATION, variables: { states: ['DELIVERED'] } },
      { query: SHARED_OPERATION, variables: { states: ['FAILED'] } },
    ],
    sockets: Array.from({ length: count + BYSTANDERS }, (_, i) => ({
      authorization: `Bearer ${platform.operatorKey}`,
      from: addresses[i % addresses.length] ?? '127.0.0.1',
      operation: i < count ? 0 : 1,
      gets: i < count ? ('shared' as const) : ('nothing' as const),
    })),
  });
  /** @returns when each event was accepted. */
  const deliver = async (to: Clients, count: number): Promise<readonly number[]> => {
    const accepted: number[] = [];
    await to.reset();
    for (let n = 0; n < count; n++) {
      accepted.push(await sender.send([{ user: `event-${n}`, body: `event ${n}` }]));
      await to.haveShared(n + 1);
    }
    return accepted;
  };
  let cpuOfFew = 0;
  // What the first sockets load, plan and compile is not what a socket costs.
  const few = await Clients.start(1);
  try {
    await few.open(opening(FEW));
    await quiet(server);
    await deliver(few, warmUp);
    const idle = await idleShare(server, FEW);
    const cpu = await cpuOf(server, idle, async () => {
      await deliver(few, events);
    });
    cpuOfFew = cpu / events;
  } finally {
    await few.close();
  }
  const clients = await Clients.start(size.clientProcesses);
  try {
    const empty = await settledMemory(server);
    await clients.open(opening(sockets));
    await quiet(server);
    await deliver(clients, warmUp);
    const full = await settledMemory(server);
    const idle = await idleShare(server, sockets);
    let accepted: readonly number[] = [];
    const cpu = await cpuOf(server, idle, async () => {
      accepted = await deliver(clients, events);
    });
    const atWork = await memoryOf(server.pid);
    const parts = await clients.collect();
    const deliveries = parts.reduce((sum, { frames }) => sum + frames, 0);
    if (deliveries !== sockets * events) throw new Error(`${deliveries} deliveries of ${sockets * events}`);
    const perSocketMs = (cpu / events - cpuOfFew) / (sockets - FEW);
    const since = (of: (n: number) => number) =>
      // An event may be there before the answer to its send.
      percentiles(accepted.map((at, n) => Math.max(0, of(n) - at)));
    return {
      sockets,
      bystanders: BYSTANDERS,
      events,
      deliveries,
      cpuMicros: (cpu * 1_000) / deliveries,
      cpuMicrosPerSocket: perSocketMs * 1_000,
      cpuMicrosPerEvent: (cpuOfFew - FEW * perSocketMs) * 1_000,
      idle,
      toFirst: since((n) => Math.min(...parts.map(({ first }) => first[n] ?? Number.NaN))),
      toLast: since((n) => Math.max(...parts.map(({ last }) => last[n] ?? Number.NaN))),
      memory: perSocket(empty, full, sockets + BYSTANDERS),
      memoryAtWork: perSocket(empty, atWork, sockets + BYSTANDERS),
    };
  } finally {
    await clients.close();
    await sender.close();
  }
}
