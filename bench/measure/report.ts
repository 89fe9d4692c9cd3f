/** What a benchmark says. */
import type { Load } from './http-load.ts';

export const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

export const ms = (n: number): string => `${n.toFixed(1)} ms`;

/** @param perRequest what one request counts for. */
export const shown = (what: string, l: Load, perRequest = 1): void =>
  say(
    `  ${what.padEnd(46)} ${Math.round(l.requestsPerSecond * perRequest)
      .toLocaleString('en')
      .padStart(8)}/s   p50 ${String(l.p50Ms).padStart(4)} ms   p99 ${String(l.p99Ms).padStart(4)} ms`,
  );

export const goal = (met: boolean, text: string): void => say(`  ${met ? 'met   ' : 'MISSED'} ${text}`);
