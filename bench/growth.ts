/**
 * `npm run bench:growth [small] [large]` (10,000 and 1,000,000): what one notification costs in a store that holds so
 * many already. Nothing that the platform does may become dearer as the store fills: the goal is 1.3 times at most.
 * The real services in one process, on data services of their own.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPlatform } from '../checks/explain/open-platform.ts';
import { provideDataServices } from '../platform/data-services/provide-data-services.ts';
import { fill } from './growth/fill.ts';
import { type Figure, measureAll } from './growth/measure-steps.ts';

const SMALL = Number(process.argv[2] ?? 10_000);
const LARGE = Number(process.argv[3] ?? 1_000_000);
const GOAL = 1.3;
/** What was written in bulk is still being tidied up by the store: not part of what is measured. */
const SETTLE_MS = 15_000;

const say = (text: string) => process.stdout.write(`${text}\n`);
const count = (n: number) => n.toLocaleString('en');

const dataDir = await mkdtemp(join(tmpdir(), 'herald-growth-'));
const services = await provideDataServices({
  dataDir,
  allowDownload: false,
  mongodbUri: process.env.TEST_MONGODB_URI || undefined,
  redisUrl: process.env.TEST_REDIS_URL || undefined,
  onProgress: (text) => process.stderr.write(`  ${text}\n`),
});
try {
  say(`machine: ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}`);
  say(`data services: ${services.found.mongo}; ${services.found.redis}`);
  const platform = await openPlatform({ ...services, namespace: `growth-${process.pid}` });
  const columns: (readonly Figure[])[] = [];
  let stored = 0;
  for (const size of [SMALL, LARGE]) {
    const seconds = await fill(platform, stored, size);
    say(`  ${count(size)} notifications and as many deliveries stored (${seconds.toFixed(0)} s)`);
    stored = size;
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    columns.push(await measureAll(platform));
  }
  await platform.close();
  const [small = [], large = []] = columns;
  say(
    `\n${'ms a notification (lower quartile of rounds)'.padEnd(52)} ${count(SMALL)}   ${count(LARGE)}   ratio`,
  );
  let missed = 0;
  for (const [index, { step, ms }] of small.entries()) {
    const grown = large[index]?.ms ?? Number.NaN;
    const ratio = grown / ms;
    if (!(ratio <= GOAL)) missed++;
    say(
      `  ${step.padEnd(50)} ${ms.toFixed(3).padStart(8)} ${grown.toFixed(3).padStart(8)}   ${ratio.toFixed(2)}${ratio <= GOAL ? '' : '  MISSED'}`,
    );
  }
  say(`\n${missed === 0 ? 'met   ' : 'MISSED'} nothing costs more than ${GOAL} times as much`);
} finally {
  await services.stop();
  await rm(dataDir, { recursive: true, force: true });
}
