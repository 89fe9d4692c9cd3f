/** One scenario with one seed: load, fault, recovery, drain, verdict. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { check, type Verdict } from '../check/check.ts';
import { readFacts } from '../check/facts.ts';
import { Watch } from '../check/watch.ts';
import { Load } from '../load/load.ts';
import type { Row } from '../report/row.ts';
import { DEFAULT_SHAPE, type FaultResult, type Scenario, type Stage } from '../scenario.ts';
import { attemptsHeld } from '../scenarios/claims.ts';
import type { Platform } from './platform.ts';
import { randomOf } from './random.ts';

export interface RunOptions {
  readonly seed: number;
  readonly short: boolean;
  /** An existing folder of this run's own. */
  readonly dir: string;
  readonly say: (text: string) => void;
}

/** Half as much in the short form, which is to leave a small machine time for what is to be seen. */
const RATE = { long: 100, short: 50 };
const SECONDS = { long: { before: 5, after: 10 }, short: { before: 2, after: 3 } };
const DRAIN_SECONDS = 60;
/** Attempts that a dispatcher has in hand at most: 50 webhooks and 10 e-mails. */
const HELD_BY_ONE = 60;
/** An acknowledgement is slow past this and past `SLOW_FACTOR` times the p99 of before. */
const SLOW_MS = 250;
const SLOW_FACTOR = 4;

/** @throws what staging throws; what the fault or the system did wrong is in the row. */
export async function runScenario(scenario: Scenario, platform: Platform, options: RunOptions): Promise<Row> {
  const { seed, short, dir, say } = options;
  const journals = join(dir, 'client');
  await mkdir(journals);
  const prefix = `${scenario.name}-${seed}`;
  const ratePerSecond = scenario.ratePerSecond ?? RATE[short ? 'short' : 'long'];
  const load = await Load.open({
    cluster: platform.cluster,
    apiKey: platform.app.apiKey,
    prefix,
    dir: journals,
    ratePerSecond,
  });
  const watch = new Watch(platform.store.getClient().db('herald'), `default|${platform.app.id}|${prefix}-`);
  const problems: string[] = [];
  const random = randomOf(seed * 7919 + 17);
  const stage: Stage = {
    dir,
    seed,
    random,
    between: (least, most) => least + random() * (most - least),
    short,
    mongo: platform.mongo,
    redis: platform.redis,
    provider: platform.provider,
    cluster: platform.cluster,
    load,
    store: platform.store,
    operatorKey: platform.operatorKey,
    link: (name) => platform.links[name],
    inFlight: () => attemptsHeld(platform.store),
    pause: (ms) => new Promise((done) => setTimeout(done, ms)),
    say,
  };
  const seconds = { ...SECONDS[short ? 'short' : 'long'], ...scenario.seconds };
  let result: FaultResult = {};
  try {
    load.start();
    await stage.pause(seconds.before * 1000);
    const faultFrom = Date.now();
    try {
      result = (await scenario.fault(stage)) ?? {};
    } catch (error) {
      problems.push(`the fault itself: ${error instanceof Error ? error.message : String(error)}`);
    }
    const faultTo = Date.now();
    say(`fault over after ${((faultTo - faultFrom) / 1000).toFixed(1)} s`);
    await stage.pause(seconds.after * 1000);
    await load.stop();
    const drainFrom = Date.now();
    // The short form runs on busy machines, and is not there to measure.
    const drainSeconds = (scenario.drainSeconds ?? DRAIN_SECONDS) * (short ? 2 : 1);
    const open = await watch.drained(drainSeconds * 1000);
    say(`drained in ${((Date.now() - drainFrom) / 1000).toFixed(1)} s; open: ${open}`);
    // What was stored last may be on its way to the provider's journal or the event log still.
    await stage.pause(300);
    await watch.stop();
    problems.push(...(result.problems ?? []), ...((await scenario.verify?.(stage)) ?? []));
    const facts = await readFacts(
      platform.store.getClient().db('herald'),
      await platform.provider.received(),
      {
        journals,
        app: platform.app.id,
        prefix,
      },
    );
    const allowed =
      scenario.duplicatesAllowed ??
      result.inFlight ??
      HELD_BY_ONE * (scenario.shape?.dispatcher ?? DEFAULT_SHAPE.dispatcher);
    const verdict = check(facts, allowed, result.heldBackMs);
    problems.push(...verdict.problems, ...refusals(load));
    const before = p99(load.latencies.filter(({ dueAt }) => dueAt < faultFrom));
    const slowMs = Math.max(SLOW_MS, SLOW_FACTOR * (before ?? 0));
    const recoverySeconds = watch.recoverySeconds(faultTo, [
      ...load.failed.map(({ at }) => at),
      ...load.latencies.filter(({ ms }) => ms > slowMs).map(({ dueAt }) => dueAt),
    ]);
    const normalFrom = faultTo + (recoverySeconds ?? Number.POSITIVE_INFINITY) * 1000;
    return {
      scenario: scenario.name,
      title: scenario.title,
      seed,
      sent: verdict.sent,
      acknowledged: verdict.acknowledged,
      lost: verdict.lost.length,
      unexpected: verdict.unexpected.length,
      duplicated: verdict.duplicated,
      duplicatesAllowed: allowed,
      p99Ms: {
        before,
        during: p99(load.latencies.filter(({ dueAt }) => dueAt >= faultFrom && dueAt < normalFrom)),
        after: p99(load.latencies.filter(({ dueAt }) => dueAt >= normalFrom)),
      },
      recoverySeconds,
      failedRequests: load.failed.length,
      ends: verdict.ends,
      note: result.note,
      problems: [...problems, ...lostAndUnexpected(verdict)],
    };
  } finally {
    await watch.stop();
    await load.close();
  }
}

/** The client sends nothing wrong: what was refused for good is a fault of the system, but for what ran out while it was away. */
function refusals(load: Load): string[] {
  const wrong = [...load.refused].filter(([, code]) => code !== 'BAD_USER_INPUT');
  return wrong.length === 0
    ? []
    : [`${wrong.length} right requests refused for good: ${wrong.slice(0, 3).join(' ')}`];
}

function lostAndUnexpected({ lost, unexpected }: Verdict): string[] {
  const some = (what: string, which: readonly string[]) =>
    which.length === 0 ? [] : [`${which.length} ${what}: ${which.slice(0, 5).join(', ')}`];
  return [...some('lost', lost), ...some('unexpected', unexpected)];
}

/** In ms; undefined for none. */
function p99(latencies: readonly { readonly ms: number }[]): number | undefined {
  const sorted = latencies.map(({ ms }) => ms).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))];
}
