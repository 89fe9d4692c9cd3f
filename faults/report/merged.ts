/** One result of several: the suite may be run in parts. */
import type { SuiteResult } from '../suite.ts';

/** What a run has left behind with `--json`. */
export interface Part extends SuiteResult {
  readonly minutes: number;
}

/** @param order the scenarios' names. The minutes are those of all parts together, also where they ran side by side. */
export function merged(parts: readonly Part[], order: readonly string[]): Part {
  const rows = parts
    .flatMap((part) => part.rows)
    .sort((a, b) => order.indexOf(a.scenario) - order.indexOf(b.scenario) || a.seed - b.seed);
  return {
    rows,
    skipped: parts.flatMap((part) => part.skipped),
    engines: [...new Set(parts.flatMap((part) => part.engines))],
    kept: undefined,
    minutes: parts.reduce((sum, part) => sum + part.minutes, 0),
  };
}
