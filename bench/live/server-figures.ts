/** What a server spends, from outside: CPU beyond what it needs at rest, memory a socket. */
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuMs } from '../measure/cpu.ts';
import { type Memory, memoryOf } from '../measure/memory.ts';
import { machineMs } from './clock.ts';

/** A server process under measurement. */
export interface Server {
  /** http://… */
  readonly url: string;
  readonly pid: number;
  /** Collects its garbage, so that what is left is what it needs. */
  settle(): Promise<void>;
}

/** Above this share of a core a server is still at work. */
const BUSY = 0.05;
const LOOK_MS = 400;
const QUIET_WITHIN_MS = 60_000;
/** Pings go round all sockets in this time: an idle window of the same length has each of them once. */
const PING_ROUND_MS = 12_000;

/** Waits until the server has nothing left to do: subscriptions that were sent are running then. */
export async function quiet({ pid }: Server): Promise<void> {
  const deadline = machineMs() + QUIET_WITHIN_MS;
  let looks = 0;
  while (looks < 2) {
    if (machineMs() > deadline) throw new Error('the server does not come to rest');
    const before = await cpuMs(pid);
    await sleep(LOOK_MS);
    looks = (await cpuMs(pid)) - before <= BUSY * LOOK_MS ? looks + 1 : 0;
  }
}

/** Share of a core that the server uses with its sockets open and nothing to deliver. */
export async function idleShare(server: Server, sockets: number): Promise<number> {
  await quiet(server);
  const windowMs = sockets >= 2_000 ? PING_ROUND_MS : PING_ROUND_MS / 6;
  const [cpu, begin] = [await cpuMs(server.pid), machineMs()];
  await sleep(windowMs);
  return ((await cpuMs(server.pid)) - cpu) / (machineMs() - begin);
}

/** CPU of the server in milliseconds while `work` runs, without what it uses idle. */
export async function cpuOf(
  { pid }: Pick<Server, 'pid'>,
  idle: number,
  work: () => Promise<void>,
): Promise<number> {
  const [cpu, begin] = [await cpuMs(pid), machineMs()];
  await work();
  return (await cpuMs(pid)) - cpu - idle * (machineMs() - begin);
}

/** Memory of a server whose garbage was collected. */
export async function settledMemory(server: Server): Promise<Memory> {
  await server.settle();
  await sleep(200);
  return memoryOf(server.pid);
}

export const perSocket = (before: Memory, after: Memory, sockets: number): Memory => ({
  resident: (after.resident - before.resident) / sockets,
  proportional: (after.proportional - before.proportional) / sockets,
});
