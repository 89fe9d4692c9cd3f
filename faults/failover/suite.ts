/** Runs the scenarios of two accounts one after another; those of a workspace on one platform. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Platform, startPlatform } from '../stage/platform.ts';
import { Fakes } from './fakes.ts';
import { type FailoverRow, runFailover } from './run-scenario.ts';
import type { FailoverScenario } from './scenario.ts';

export interface FailoverResult {
  readonly rows: readonly FailoverRow[];
  readonly engines: readonly string[];
  /** Where logs and journals are; undefined when all held. */
  readonly kept: string | undefined;
}

/** Two dispatchers share rates and breakers; of the others one is enough. */
const SHAPE = { gateway: 1, dispatcher: 2, scheduler: 1 };

/** @throws what does not start. */
export async function runFailovers({
  scenarios,
  short,
  say,
}: {
  readonly scenarios: readonly FailoverScenario[];
  readonly short: boolean;
  readonly say: (text: string) => void;
}): Promise<FailoverResult> {
  const root = await mkdtemp(join(tmpdir(), 'herald-failover-'));
  const rows: FailoverRow[] = [];
  const engines = new Set<string>();
  const fakes = await Fakes.start();
  let common: Platform | undefined;

  const stage = async (name: string, env: Readonly<Record<string, string>>): Promise<Platform> => {
    const dir = join(root, name);
    await mkdir(dir);
    const platform = await startPlatform(dir, { shape: SHAPE, env: () => env });
    for (const { name, engine } of [platform.mongo, platform.redis]) engines.add(`${name}: ${engine}`);
    return platform;
  };
  const run = async (scenario: FailoverScenario): Promise<FailoverRow> => {
    const dir = join(root, scenario.name);
    await mkdir(dir);
    const options = { short, dir, say: (text: string) => say(`    ${text}`) };
    if (scenario.from !== 'settings') {
      common ??= await stage('platform', {});
      return runFailover(scenario, { platform: common, fakes }, options);
    }
    const platform = await stage(`platform-of-${scenario.name}`, settingsOf(scenario, fakes));
    try {
      return await runFailover(scenario, { platform, fakes }, options);
    } finally {
      await platform.close();
    }
  };

  try {
    for (const scenario of scenarios) {
      say(`  ${scenario.title} …`);
      const row = await run(scenario);
      rows.push(row);
      say(`${row.problems.length === 0 ? '✓' : '✗'} ${row.title}`);
      for (const { what, value, unit } of row.figures) say(`    ${what}: ${value ?? '–'} ${unit}`);
      for (const problem of row.problems) say(`    PROBLEM ${problem}`);
    }
  } finally {
    await common?.close();
    await fakes.stop();
  }
  const held = rows.every(({ problems }) => problems.length === 0);
  if (held) await rm(root, { recursive: true, force: true });
  return { rows, engines: [...engines], kept: held ? undefined : root };
}

/** Two accounts of the settings: the first named goes first. */
function settingsOf({ accounts }: FailoverScenario, fakes: Fakes): Readonly<Record<string, string>> {
  const names = ['a', 'b'] as const;
  const rates = names.flatMap((account) => {
    const { ratePerSecond } = accounts[account];
    return ratePerSecond === undefined ? [] : [`sms-${account}=${ratePerSecond}`];
  });
  return {
    PROVIDER_ACCOUNTS: JSON.stringify(
      names.map((account) => ({ id: `sms-${account}`, provider: 'twilio', config: fakes.configOf(account) })),
    ),
    ...(rates.length > 0 && { PROVIDER_RATES: rates.join(',') }),
  };
}
