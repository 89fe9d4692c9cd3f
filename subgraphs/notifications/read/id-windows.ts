/**
 * Cuts the way back from the newest id into windows of time, each wider than the one before. A list that is read
 * window by window costs what it shows, also on an engine that finds all that a filter matches before it applies the
 * limit: there, a page of a million costs a million. Pure.
 */
import { firstIdAt, timeOfId } from '../../../platform/names/ids.ts';

/** At ten thousand a second the first window holds some thousands; ten wider ones reach back three days. */
const FIRST_MS = 250;
const WIDER = 4;
/** Beyond this age one last window takes all the rest. */
const MAX_MS = 400 * 24 * 3_600_000;

/** A condition on `_id`. */
export interface IdWindow {
  readonly $gte?: string;
  readonly $lt?: string;
}

/**
 * Newest first, without a gap, down to the beginning.
 * @param after the id to go on after; absent for the newest, those from a clock that is ahead included.
 */
export function* windowsBefore(after: string | undefined, now: number): Generator<IdWindow, undefined> {
  const start = (after === undefined ? undefined : timeOfId(after)) ?? now;
  let upper = after;
  for (let back = FIRST_MS; back < MAX_MS; back *= WIDER) {
    const lower = firstIdAt('ntf', Math.max(0, start - back));
    // Where `after` is no id, now is no place to begin at: its own window comes.
    if (upper !== undefined && lower >= upper) continue;
    yield { $gte: lower, ...(upper !== undefined && { $lt: upper }) };
    upper = lower;
  }
  yield { ...(upper !== undefined && { $lt: upper }) };
}
