/** Open-loop pacing: begins pieces of work at even distances, whether or not the last one has ended. */
import { setTimeout as sleep } from 'node:timers/promises';

/** @param begin called with the number of the piece and when it was due (monotonic, ms). */
export async function paced(
  count: number,
  perSecond: number,
  begin: (index: number, due: number) => void,
): Promise<void> {
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    const due = start + (i * 1_000) / perSecond;
    const waitMs = due - performance.now();
    if (waitMs > 0.5) await sleep(waitMs);
    begin(i, due);
  }
}
