/** The partials that sources lead to, as they are stored. */
import { parseSource } from '../sources/parsed-source.ts';
import { isPartialName } from '../sources/partial-set.ts';
import type { PartialBody } from '../store/records.ts';

/** By name; names that are not there, or may not be used, are absent. */
export type FindPartials = (
  names: readonly string[],
) => Promise<ReadonlyMap<string, Pick<PartialBody, 'source' | 'calls'>>>;

export interface ReachedSources {
  readonly partials: Readonly<Record<string, string>>;
  /** Called, and not there. */
  readonly missing: readonly string[];
}

/** Ends, also where partials go in a circle. */
export async function reachSources(roots: Iterable<string>, find: FindPartials): Promise<ReachedSources> {
  const partials: Record<string, string> = {};
  const missing: string[] = [];
  const seen = new Set<string>();
  let waiting = [...new Set(roots)];
  while (waiting.length > 0) {
    for (const name of waiting) seen.add(name);
    const found = await find(waiting);
    const next = new Set<string>();
    for (const name of waiting) {
      const partial = found.get(name);
      if (!partial) {
        missing.push(name);
        continue;
      }
      partials[name] = partial.source;
      for (const called of partial.calls ?? []) if (!seen.has(called)) next.add(called);
    }
    waiting = [...next];
  }
  return { partials, missing };
}

/** What may be the partials of sources that were not checked yet: also what only looks like a call. Pure, linear. */
export const perhapsCalled = (sources: readonly string[]): string[] => [
  ...new Set(
    sources.flatMap((source) =>
      [...source.matchAll(/\{\{~?#?>\s*([\w-]{1,101})/g)].map(([, name]) => name ?? '').filter(isPartialName),
    ),
  ),
];

/** The partials that sources call. @param sources have been checked by `sourceProblem`. */
export const calledBy = (sources: readonly string[]): string[] => [
  ...new Set(
    sources
      .filter((source) => perhapsCalled([source]).length > 0)
      .flatMap((source) => [...parseSource(source).partials]),
  ),
];
