/** Lets go of what a start leaves behind: sources, parsed schemas, compilers' work. V8 alone keeps it for hours. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** V8's collector, as `--expose-gc` gives it (https://v8.dev, `src/extensions/gc-extension.cc`). */
type CollectGarbage = (options?: { type: 'major'; execution: 'sync'; flavor?: 'last-resort' }) => void;

/** Collects once and gives pages back. Takes some 100 ms: for the moment before a process takes work. */
export function settleMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as CollectGarbage;
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
