/** kill -9 of Herald's processes, one, several, and all that there is. */
import type { Scenario, Stage } from '../scenario.ts';
import { claimsOf, holdWebhooks, untilTakenOver } from './claims.ts';

/** Work of a dead dispatcher must go on elsewhere within this. */
const TAKE_OVER_SECONDS = 10;
const HELD = 12;

/** Kills a dispatcher, and sees its claims go on elsewhere while it stays away. */
async function takenOver(stage: Stage): Promise<{ inFlight: number; seconds: number | undefined }> {
  await stage.cluster.kill9('dispatcher', 0);
  const [claims, inFlight] = await Promise.all([claimsOf(stage), stage.inFlight()]);
  await stage.provider.mode('WEBHOOK', 'ok');
  const seconds = await untilTakenOver(stage, claims, 3 * TAKE_OVER_SECONDS * 1000);
  return { inFlight, seconds };
}

/** @param allowed longer in the short form: it runs beside other tests, and its place is not to measure. */
const tooLate = (seconds: number | undefined, allowed: number): string[] =>
  seconds !== undefined && seconds <= allowed
    ? []
    : [`work of the killed dispatcher went on elsewhere after ${seconds?.toFixed(1) ?? 'more than 30'} s`];

export const scenarios: readonly Scenario[] = [
  {
    name: 'no-fault',
    title: 'No fault',
    duplicatesAllowed: 0,
    fault: async ({ pause }) => {
      await pause(1_000);
      return undefined;
    },
  },
  {
    name: 'gateway-killed',
    title: 'Gateway: kill -9',
    duplicatesAllowed: 0,
    fault: async ({ cluster, between, pause }) => {
      await cluster.kill9('gateway', 0);
      await pause(between(500, 3_000));
      await cluster.start('gateway', 0);
      return undefined;
    },
  },
  {
    name: 'dispatcher-killed',
    title: 'Dispatcher: kill -9 after the provider’s yes, before the record',
    short: true,
    fault: async (stage) => {
      await holdWebhooks(stage, HELD);
      const { inFlight, seconds } = await takenOver(stage);
      await stage.cluster.start('dispatcher', 0);
      return {
        inFlight,
        problems: tooLate(seconds, TAKE_OVER_SECONDS * (stage.short ? 2 : 1)),
        note: `${inFlight} in flight; others went on after ${seconds?.toFixed(1)} s`,
      };
    },
  },
  {
    name: 'dispatchers-killed',
    title: 'Dispatchers: kill -9 of all, back after 5 s',
    fault: async ({ cluster, inFlight, pause }) => {
      const dispatchers = cluster.all('dispatcher');
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.kill9()));
      const held = await inFlight();
      await pause(5_000);
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.start()));
      return { inFlight: held };
    },
  },
  {
    name: 'scheduler-killed',
    title: 'Schedulers: kill -9 of the elected one, then of the other',
    duplicatesAllowed: 0,
    fault: async ({ cluster, between, pause }) => {
      for (const index of [0, 1]) {
        await cluster.kill9('scheduler', index);
        await pause(between(2_000, 5_000));
        await cluster.start('scheduler', index);
      }
      return undefined;
    },
  },
  {
    name: 'power-cut',
    title: 'Everything at once: kill -9 of all roles, MongoDB, Redis',
    short: true,
    fault: async ({ cluster, mongo, redis, inFlight, pause, between }) => {
      const roles = cluster.all();
      await Promise.all([mongo.kill9(), redis.kill9(), ...roles.map((role) => role.kill9())]);
      await pause(between(200, 2_000));
      await Promise.all([mongo.start(), redis.start()]);
      const held = await inFlight();
      await cluster.startAll();
      return { inFlight: held, note: `${held} in flight` };
    },
  },
  {
    name: 'killed-at-random',
    title: 'Everything: kill -9 at random for 2 minutes',
    ratePerSecond: 50,
    drainSeconds: 120,
    fault: killAtRandom,
  },
];

/** What may have been claimed between the last look and the kill. */
const MARGIN = 25;

async function killAtRandom(stage: Stage): Promise<{ inFlight: number; note: string }> {
  const { cluster, mongo, redis, provider, between, pause, say } = stage;
  const services = [mongo, redis].map((service) => ({
    name: service.name as string,
    kill: () => service.kill9(),
    start: () => service.start(),
  }));
  const roles = cluster.all().map((role) => ({
    name: role.name,
    kill: () => role.kill9(),
    // A role does not start without its data services: a supervisor tries again.
    start: () => untilStarted(() => role.start(), pause),
  }));
  const stub = { name: 'provider', kill: () => provider.kill9(), start: () => provider.start() };
  // Roles die more often than what they stand on.
  const victims = [...roles, ...roles, ...services, stub];
  const down = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  const until = Date.now() + (stage.short ? 20_000 : 120_000);
  let kills = 0;
  let inFlight = 0;
  while (Date.now() < until) {
    await pause(between(500, 3_000));
    const victim = victims[Math.floor(between(0, victims.length))];
    if (!victim || down.has(victim.name)) continue;
    const held = () => stage.inFlight().catch(() => MARGIN);
    const before = await held();
    await victim.kill();
    kills += 1;
    inFlight += Math.max(before, await held()) + MARGIN;
    say(`killed ${victim.name}`);
    const downMs = between(200, 4_000);
    down.set(
      victim.name,
      pause(downMs)
        .then(victim.start)
        .catch((error: unknown) => failures.push(error))
        .then(() => {
          down.delete(victim.name);
        }),
    );
  }
  await Promise.all(down.values());
  if (failures.length > 0)
    throw new AggregateError(failures, 'not all that was killed could be started again');
  return { inFlight, note: `${kills} kills` };
}

async function untilStarted(start: () => Promise<void>, pause: Stage['pause']): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      await start();
      return;
    } catch (error) {
      if (tries === 20) throw error;
      await pause(500);
    }
}
