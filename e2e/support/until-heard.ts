import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 300;

/**
 * A subscription without a cursor gives what comes from now on, and does not say when that begins: so something is sent
 * again and again, one after the other, until it has come. Nothing is on its way to Herald afterwards.
 * @param heard of the subscription: its first event.
 */
export async function untilHeard<T>(heard: Promise<T>, send: () => Promise<unknown>): Promise<T> {
  const settled = heard.then(
    () => true,
    () => true,
  );
  do await send();
  while (!(await Promise.race([settled, sleep(PAUSE_MS, false)])));
  return heard;
}
