/**
 * `npm run test:failover -- [--short | --long] [--only name,…] [--list]`: two accounts of one channel under load, of
 * which one or both fail, are limited or share. The long form writes `results.json` and with it the section of
 * docs/reliability.md; with `--only` it replaces those scenarios in both.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readResults, writeResults } from './results.ts';
import { SCENARIOS } from './scenarios.ts';
import { type FailoverReport, failoverSection, withSection } from './section.ts';
import { runFailovers } from './suite.ts';

const PAGE = resolve(import.meta.dirname, '../../docs/reliability.md');

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    only: { type: 'string' },
    list: { type: 'boolean', default: false },
  },
});
if (values.list) {
  for (const { name, title, short } of SCENARIOS)
    console.log(`${name.padEnd(30)} ${title}${short ? ' (short form)' : ''}`);
  process.exit(0);
}
const only = values.only?.split(',');
const unknown = only?.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name)) ?? [];
if (unknown.length > 0) {
  console.error(`There is no scenario ${unknown.join(', ')}; --list shows them.`);
  process.exit(2);
}
const short = !values.long;
// A signal ends the process the ordinary way, so that what it started ends with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const { rows, engines, kept } = await runFailovers({
  scenarios: SCENARIOS.filter((s) => (only ? only.includes(s.name) : !short || s.short)),
  short,
  say: (text) => console.log(text),
});
const broken = rows.filter(({ problems }) => problems.length > 0);
if (!short) {
  // Runs of single scenarios replace theirs.
  const former = only === undefined ? [] : ((await readResults())?.rows ?? []);
  const report: FailoverReport = {
    at: new Date().toISOString(),
    machine: `${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown CPU'}), Node ${process.version}`,
    engines,
    rows: SCENARIOS.flatMap(
      ({ name }) => [...rows, ...former].find(({ scenario }) => scenario === name) ?? [],
    ),
  };
  await writeResults(report);
  await writeFile(PAGE, withSection(await readFile(PAGE, 'utf8'), failoverSection(report)));
}
console.log(`${rows.length} runs, ${broken.length} broken`);
if (kept !== undefined) console.log(`Logs and journals: ${kept}`);
process.exit(broken.length > 0 ? 1 : 0);
