/** SIGSTOP and SIGCONT: processes that stand still past their locks and wake up; SIGTERM under load. */
import type { Scenario, Stage } from '../scenario.ts';
import { claimsOf, holdWebhooks, untilTakenOver } from './claims.ts';

/** Longer than a claim's lease (8 s), a scheduler's lock (8 s) and BullMQ's job lock (30 s) where it is worth the wait. */
const PAST_LEASE_MS = 14_000;
const PAST_JOB_LOCK_MS = 40_000;
const HELD = 12;
/** SIGTERM ends a process within this, as SHUTDOWN_TIMEOUT_MS has it. */
const SHUTDOWN_SECONDS = 25;

interface Attempted {
  readonly _id: string;
  readonly state: string;
  readonly attempts: readonly { readonly ok: boolean }[];
}

/** Of deliveries that a stopped worker held: what it changed when it woke up. */
async function changedByTheWoken(stage: Stage, ids: readonly string[]): Promise<string[]> {
  const found = await stage.store
    .collection<Attempted>('deliveries')
    .find({ $or: [{ _id: { $in: ids } }, { notification: { $in: ids } }] } as object)
    .toArray();
  return found
    .filter(({ attempts }) => attempts.filter(({ ok }) => ok).length > 1)
    .map(
      ({ _id, attempts }) => `${_id} has ${attempts.length} recorded attempts: the woken worker wrote, too`,
    );
}

function dispatcherStopped(name: string, title: string, stoppedMs: number): Scenario {
  let held: readonly string[] = [];
  return {
    name,
    title,
    fault: async (stage) => {
      await holdWebhooks(stage, HELD);
      stage.cluster.stop('dispatcher', 0);
      const [claims, inFlight] = await Promise.all([claimsOf(stage), stage.inFlight()]);
      held = claims.map(({ id }) => id);
      await stage.provider.mode('WEBHOOK', 'ok');
      const seconds = await untilTakenOver(stage, claims, stoppedMs);
      await stage.pause(stoppedMs - (seconds ?? 0) * 1000);
      stage.cluster.cont('dispatcher', 0);
      return {
        inFlight,
        note: `${inFlight} in flight; others went on after ${seconds?.toFixed(1) ?? '–'} s`,
        problems: seconds === undefined ? ['its work did not go on elsewhere'] : [],
      };
    },
    verify: (stage) => changedByTheWoken(stage, held),
  };
}

export const scenarios: readonly Scenario[] = [
  dispatcherStopped(
    'dispatcher-stopped',
    'Dispatcher: SIGSTOP past its claims (14 s), SIGCONT',
    PAST_LEASE_MS,
  ),
  dispatcherStopped(
    'dispatcher-stopped-long',
    'Dispatcher: SIGSTOP past BullMQ’s job lock (40 s), SIGCONT',
    PAST_JOB_LOCK_MS,
  ),
  {
    name: 'scheduler-stopped',
    title: 'Schedulers: SIGSTOP past the lock (14 s), SIGCONT, one after the other',
    duplicatesAllowed: 0,
    fault: async ({ cluster, pause }) => {
      for (const index of [0, 1]) {
        cluster.stop('scheduler', index);
        await pause(PAST_LEASE_MS);
        cluster.cont('scheduler', index);
      }
      return undefined;
    },
  },
  {
    name: 'gateway-stopped',
    title: 'Gateway: SIGSTOP (10 s), SIGCONT',
    duplicatesAllowed: 0,
    fault: async ({ cluster, pause }) => {
      cluster.stop('gateway', 0);
      await pause(10_000);
      cluster.cont('gateway', 0);
      return undefined;
    },
  },
  {
    name: 'sigterm',
    title: 'SIGTERM of each process in turn, under load',
    short: true,
    duplicatesAllowed: 0,
    fault: rollingRestart,
  },
];

/** As an upgrade does it: one process after the other ends in order and starts again. Nobody may notice. */
async function rollingRestart({ cluster, load, say }: Stage) {
  const problems: string[] = [];
  let longest = 0;
  const from = load.failed.length;
  for (const process of cluster.all()) {
    const { code, signal, afterMs } = await process.term();
    longest = Math.max(longest, afterMs);
    say(`${process.name} ended with ${signal ?? code} after ${Math.round(afterMs)} ms`);
    if (code !== 0) problems.push(`${process.name} ended with ${signal ?? `code ${code}`}`);
    if (afterMs > SHUTDOWN_SECONDS * 1000)
      problems.push(`${process.name} took ${(afterMs / 1000).toFixed(1)} s to end`);
    await process.start();
    await process.untilReady(60_000);
  }
  const failed = load.failed.slice(from).filter(({ what }) => what !== 'TimeoutError');
  if (failed.length > 0) {
    const [first] = failed;
    problems.push(
      `${failed.length} requests failed although a load balancer sent them to gateways that said they were ready: ${first?.what} at ${first?.gateway}`,
    );
  }
  return { problems, note: `ended within ${(longest / 1000).toFixed(1)} s` };
}
