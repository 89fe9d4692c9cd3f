/**
 * `npm run test:faults -- [--short | --long] [--only name,…] [--seeds n | --seed n]
 * [--list] [--json file]`: breaks Herald in every way
 * that the scenarios know, and checks after each that no accepted message is lost. The long form writes
 * docs/reliability.md; `--page file,…` writes it from what runs of parts of it have left behind with `--json`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readResults } from './failover/results.ts';
import { failoverSection, withSection } from './failover/section.ts';
import { merged, type Part } from './report/merged.ts';
import { reliabilityPage } from './report/page.ts';
import { passed } from './report/table.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { runSuite, type SuiteResult } from './suite.ts';

const PAGE = resolve(import.meta.dirname, '../docs/reliability.md');

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    only: { type: 'string' },
    seeds: { type: 'string' },
    seed: { type: 'string' },
    list: { type: 'boolean', default: false },
    json: { type: 'string' },
    page: { type: 'string' },
  },
});
/** With what the suite of two accounts has measured, which has a command of its own. */
async function writePage(page: string): Promise<void> {
  const accounts = await readResults();
  await writeFile(PAGE, accounts ? withSection(page, failoverSection(accounts)) : page);
}

const only = values.only?.split(',');
const unknown = only?.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`There is no scenario ${unknown.join(', ')}; --list shows them.`);
  process.exit(2);
}
const short = !values.long;
const chosen = SCENARIOS.filter((s) => (only ? only.includes(s.name) : !short || s.short));
if (values.list) {
  for (const { name, title, short: quick } of SCENARIOS)
    console.log(`${name.padEnd(28)} ${title}${quick ? ' (short form)' : ''}`);
  process.exit(0);
}
if (values.page !== undefined) {
  const parts = await Promise.all(
    values.page.split(',').map(async (file) => JSON.parse(await readFile(file, 'utf8')) as Part),
  );
  const whole = merged(
    parts,
    SCENARIOS.map((scenario) => scenario.name),
  );
  await writePage(reliabilityPage(whole, new Date(), whole.minutes));
  console.log(`${whole.rows.length} runs: ${PAGE}`);
  process.exit(0);
}
const count = Number(values.seeds ?? (values.long ? 3 : 1));
const sole = values.seed === undefined ? undefined : Number(values.seed);
if ([count, sole ?? 1].some((number) => !Number.isInteger(number) || number < 1)) {
  console.error('--seeds and --seed take a whole number from 1.');
  process.exit(2);
}
const seeds = sole === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [sole];
const started = Date.now();
// A signal ends the process the ordinary way, so that what it started ends with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const minutesSoFar = () => (Date.now() - started) / 60_000;
const keep = async (soFar: SuiteResult) => {
  const part: Part = { ...soFar, minutes: minutesSoFar() };
  if (values.json !== undefined) await writeFile(values.json, JSON.stringify(part, null, 1));
};
const result = await runSuite({
  scenarios: chosen,
  seeds,
  short,
  say: (text) => console.log(text),
  onRow: keep,
});
const failed = result.rows.filter((row) => !passed(row));
const minutes = minutesSoFar();
await keep(result);
if (values.long && only === undefined && sole === undefined)
  await writePage(reliabilityPage(result, new Date(), minutes));
console.log(
  `${result.rows.length} runs in ${minutes.toFixed(1)} minutes, ${failed.length} broken, ${result.skipped.length} skipped`,
);
if (result.kept !== undefined) console.log(`Logs and journals of the broken runs: ${result.kept}`);
process.exit(failed.length > 0 ? 1 : 0);
