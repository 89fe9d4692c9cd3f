/** Entry of the process that compiles: does one task after the other for its parent, and ends with it. */
import { Worker } from 'node:worker_threads';
import { HeraldError } from '../../../platform/errors/herald-error.ts';
import type { Order, Report } from './messages.ts';
import { TASKS } from './tasks.ts';

type Work = (at: (field: string) => void, ...args: readonly unknown[]) => unknown;
const LOADERS = new Map<string, () => Promise<unknown>>(Object.entries(TASKS));

const tell = (report: Report): void => void process.send?.(report);

async function perform({ task, args }: Order): Promise<Report> {
  const load = LOADERS.get(task);
  if (!load) return { kind: 'failed', error: new Error(`there is no task "${task}"`) };
  try {
    const work = (await load()) as Work;
    return { kind: 'made', value: await work((field) => tell({ kind: 'at', field }), ...args) };
  } catch (error) {
    if (error instanceof HeraldError)
      return { kind: 'refused', code: error.code, message: error.message, field: error.field };
    return { kind: 'failed', error };
  }
}

process.title = 'herald compile';
// A terminal tells the whole group; the parent ends this one when its own work is done.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit(0));
// Whose parent was killed in the middle of endless work hears of no disconnecting.
new Worker(
  `setInterval(() => { if (process.ppid !== ${process.ppid}) process.kill(process.pid, 'SIGKILL'); }, 1000)`,
  { eval: true, env: {}, stdout: true, stderr: true },
).unref();
process.on('message', async (order: Order) => tell(await perform(order)));
