/** Runs scenarios one after another, on one platform where they allow it, and keeps what a failed one left behind. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from './report/row.ts';
import { line, passed } from './report/table.ts';
import type { Scenario } from './scenario.ts';
import { type Platform, startPlatform } from './stage/platform.ts';
import { runScenario } from './stage/run-scenario.ts';

export interface SuiteOptions {
  readonly scenarios: readonly Scenario[];
  readonly seeds: readonly number[];
  readonly short: boolean;
  readonly say: (text: string) => void;
  /** Told what there is after each run. */
  readonly onRow?: (soFar: SuiteResult) => Promise<void>;
}

export interface SuiteResult {
  readonly rows: readonly Row[];
  readonly skipped: readonly { readonly title: string; readonly why: string }[];
  readonly engines: readonly string[];
  /** Where logs and journals of failed runs are; undefined when all held. */
  readonly kept: string | undefined;
}

/** Longer than any scenario should take, drain and all. */
const SCENARIO_MS = 420_000;

/** It changes how the platform is staged, so that it needs one of its own. */
const standsAlone = ({ shape, env, services, prepare, cleanUp }: Scenario): boolean =>
  [shape, env, services, prepare, cleanUp].some((part) => part !== undefined);

export async function runSuite({ scenarios, seeds, short, say, onRow }: SuiteOptions): Promise<SuiteResult> {
  const root = await mkdtemp(join(tmpdir(), 'herald-faults-'));
  const rows: Row[] = [];
  const skipped: { title: string; why: string }[] = [];
  const engines = new Set<string>();
  let platforms = 0;
  let common: Platform | undefined;

  const stage = async (scenario: Scenario): Promise<Platform> => {
    const dir = join(root, `platform-${++platforms}`);
    await mkdir(dir);
    const platform = await startPlatform(dir, scenario);
    for (const { name, engine } of [platform.mongo, platform.redis]) engines.add(`${name}: ${engine}`);
    return platform;
  };
  const run = async (scenario: Scenario, seed: number): Promise<Row> => {
    const alone = standsAlone(scenario);
    const platform = alone ? await stage(scenario) : (common ?? (await stage(scenario)));
    if (!alone) common = platform;
    const dir = join(root, `${scenario.name}-${seed}`);
    await mkdir(dir);
    let row: Row | undefined;
    try {
      row = await within(
        runScenario(scenario, platform, { seed, short, dir, say: (text) => say(`    ${text}`) }),
        SCENARIO_MS,
      );
      if (!alone) await platform.cluster.mend();
      return row;
    } finally {
      // What failed may have left anything: the next scenario starts afresh.
      if (alone || !row || !passed(row)) {
        if (platform === common) common = undefined;
        await platform.close();
      }
    }
  };

  try {
    for (const scenario of scenarios) {
      const why = await scenario.missing?.();
      if (why !== undefined) {
        skipped.push({ title: scenario.title, why });
        say(`– ${scenario.title}: skipped: ${why}`);
        continue;
      }
      for (const seed of seeds) {
        say(`  ${scenario.title}, seed ${seed} …`);
        const row = await run(scenario, seed).catch((error: unknown) => broken(scenario, seed, error));
        await scenario.cleanUp?.();
        rows.push(row);
        say(line(row));
        for (const problem of row.problems) say(`    PROBLEM ${problem}`);
        await onRow?.({ rows, skipped, engines: [...engines], kept: root });
      }
    }
  } finally {
    await common?.close();
  }
  const held = rows.every(passed);
  if (held) await rm(root, { recursive: true, force: true });
  return { rows, skipped, engines: [...engines], kept: held ? undefined : root };
}

/** The row of a run that could not be finished. */
const broken = ({ name, title }: Scenario, seed: number, error: unknown): Row => ({
  scenario: name,
  title,
  seed,
  sent: 0,
  acknowledged: 0,
  lost: 0,
  unexpected: 0,
  duplicated: 0,
  duplicatesAllowed: 0,
  p99Ms: { before: undefined, during: undefined, after: undefined },
  recoverySeconds: undefined,
  failedRequests: 0,
  ends: {},
  note: undefined,
  problems: [`not finished: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`],
});

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_, fail) => {
        timer = setTimeout(() => fail(new Error(`took longer than ${ms / 1000} s`)), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
