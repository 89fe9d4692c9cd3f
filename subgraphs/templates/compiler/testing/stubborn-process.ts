/** A process that does what no process should: it goes on without end, fills its memory, ends in the middle of work. */
import { HeraldError } from '../../../../platform/errors/herald-error.ts';
import type { Order, Report } from '../messages.ts';

const tell = (report: Report): void => void process.send?.(report);

const TASKS: Readonly<Record<string, (...args: readonly unknown[]) => Report | never>> = {
  echo: (...args) => ({ kind: 'made', value: args }),
  refuse: () => ({ kind: 'refused', code: 'CONFLICT', message: 'no', field: 'there' }),
  fail: () => ({ kind: 'failed', error: new RangeError('broken') }),
  pid: () => ({ kind: 'made', value: process.pid }),
  loop() {
    tell({ kind: 'at', field: 'first' });
    tell({ kind: 'at', field: 'second' });
    for (;;);
  },
  steps() {
    for (let step = 0; ; step++) {
      tell({ kind: 'at', field: `step.${step}` });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  },
  wait(ms) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms));
    return { kind: 'made', value: ms };
  },
  fill() {
    tell({ kind: 'at', field: 'memory' });
    const all: unknown[] = [];
    for (;;) all.push(new Array(1_000).fill(all.length + 0.5));
  },
  perish() {
    tell({ kind: 'at', field: 'last words' });
    // Once they are said.
    setImmediate(() => process.kill(process.pid, 'SIGKILL'));
    return { kind: 'at', field: 'last words' };
  },
  leave: () => process.exit(3),
};

process.on('disconnect', () => process.exit(0));
process.on('message', ({ task, args }: Order) => {
  const work = TASKS[task];
  if (!work) throw new HeraldError('INTERNAL_SERVER_ERROR', task);
  tell(work(...args));
});
