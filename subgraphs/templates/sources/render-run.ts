/**
 * The render under way, and what it may still do. Rendering is synchronous, so that one record serves all sources: it
 * is started anew with each.
 */
import {
  MAX_LOOP_ITERATIONS,
  MAX_OUTPUT_CHARS,
  MAX_PARTIAL_CALLS,
  MAX_RENDER_MS,
  type SourcePart,
} from './limits.ts';

/** For whom a source is rendered. */
export interface Reader {
  /** A language tag; `en` without one, or with one that is none. */
  readonly locale?: string | undefined;
  /** An IANA name, such as `Europe/Berlin`; `UTC` without one, or with one that is none. */
  readonly timeZone?: string | undefined;
  /** What `relative` is relative to; the present without it. */
  readonly now?: Date | undefined;
}

/** Read by helpers. */
export const run: {
  part: SourcePart;
  reader: Reader;
  /** In Markdown: what was inserted, each in the place of a mark. */
  values: string[] | undefined;
} = { part: 'body', reader: {}, values: undefined };

let iterations = 0;
let partialCalls = 0;
let inserted = 0;
let ticks = 0;
let endsAt = 0;

/** Starts a render with all its bounds. */
export function startRun(part: SourcePart, reader: Reader, isMarkdown = false): void {
  run.part = part;
  run.values = isMarkdown ? [] : undefined;
  run.reader = reader;
  iterations = 0;
  partialCalls = 0;
  inserted = 0;
  ticks = 0;
  endsAt = 0;
}

/** @throws Error when the loops of this render run too often or too long. */
export function countIteration(): void {
  if (++iterations > MAX_LOOP_ITERATIONS)
    throw new Error(`its loops run more than ${MAX_LOOP_ITERATIONS} times`);
  tick();
}

/** @throws Error when partials are called too often (each calls the next twice …) or take too long. */
export function countPartial(): void {
  if (++partialCalls > MAX_PARTIAL_CALLS)
    throw new Error(`its partials are called more than ${MAX_PARTIAL_CALLS} times`);
  tick();
}

/** @throws Error when more is inserted than any message may have. */
export function countInserted(text: string): void {
  inserted += text.length;
  if (inserted > MAX_OUTPUT_CHARS.html) throw new Error('it makes too much text');
  tick();
}

/** For work that is as long as the text it is done on. @throws Error when the render takes too long. */
export function countWork(): void {
  checkClock();
}

/** The clock is read now and then: most renders end before it ever is. */
function tick(): void {
  if ((++ticks & 31) === 0) checkClock();
}

function checkClock(): void {
  const now = performance.now();
  if (endsAt === 0) endsAt = now + MAX_RENDER_MS;
  else if (now > endsAt) throw new Error(`it takes more than ${MAX_RENDER_MS} ms`);
}
