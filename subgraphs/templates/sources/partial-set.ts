/** Sources that templates share: `{{> footer}}`, and layouts `{{#> page}}…{{/page}}` with `{{> @partial-block}}`. */
import { sourceProblem } from './check-source.ts';
import { MAX_PARTIALS, MAX_SOURCE_BYTES } from './limits.ts';
import { type ParsedSource, parseSource } from './parsed-source.ts';
import { type UnderWay, untold } from './under-way.ts';

/** By name. Immutable: another version is another set. */
export type PartialSet = Readonly<Record<string, string>>;

export const NO_PARTIALS: PartialSet = {};

export interface PartialProblem {
  /** Of the partial; undefined where it is about all of them. */
  readonly name?: string;
  readonly message: string;
}

export const isPartialName = (name: string): boolean => /^[a-z][a-z0-9_-]{0,99}$/i.test(name);

/** The first thing that is wrong with a set of partials: a name, a source, a circle. Pure. */
export function partialsProblem(partials: PartialSet, at: UnderWay = untold): PartialProblem | undefined {
  const names = Object.keys(partials);
  if (names.length > MAX_PARTIALS) return { message: `There are at most ${MAX_PARTIALS} partials.` };
  for (const [name, source] of Object.entries(partials)) {
    at(`partials.${name}`);
    const message = partialProblem(name, source, partials);
    if (message !== undefined) return { name, message };
  }
  at('partials');
  const circle = partialCircle(partials);
  if (!circle) return undefined;
  const [name = ''] = circle;
  return { name, message: `Partials go in a circle: ${circle.join(' → ')}. Take one of these calls out.` };
}

function partialProblem(name: string, source: string, partials: PartialSet): string | undefined {
  if (!isPartialName(name))
    return 'A name begins with a letter and has letters, digits, "-" and "_" besides, at most 100.';
  if (typeof source !== 'string') return 'A partial is a source: a text.';
  const bytes = Buffer.byteLength(source);
  if (bytes > MAX_SOURCE_BYTES.html)
    return `This source has ${bytes} bytes; at most ${MAX_SOURCE_BYTES.html} are allowed.`;
  return sourceProblem(source, { partials, isPartial: true });
}

/**
 * The way from a partial back to itself (`footer, legal, footer`); undefined where there is none.
 * @param partials each with a source that has been checked.
 */
export function partialCircle(partials: PartialSet): readonly string[] | undefined {
  const calls = new Map(
    Object.entries(partials).map(([name, source]) => [name, [...parseSource(source).partials]]),
  );
  const finished = new Set<string>();
  const walk = (name: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (finished.has(name)) return undefined;
    for (const next of calls.get(name) ?? []) {
      const circle = walk(next, [...path, name]);
      if (circle) return circle;
    }
    finished.add(name);
    return undefined;
  };
  for (const name of calls.keys()) {
    const circle = walk(name, []);
    if (circle) return circle;
  }
  return undefined;
}

/** A partial, parsed, with all that it reaches. */
export interface ReachedPartials {
  readonly parsed: ReadonlyMap<string, ParsedSource>;
  /** Helpers of all of them. */
  readonly helpers: ReadonlySet<string>;
}

/** All partials that these names lead to. @param partials passed `partialsProblem`. */
export function reachPartials(partials: PartialSet, names: Iterable<string>): ReachedPartials {
  const parsed = new Map<string, ParsedSource>();
  const helpers = new Set<string>();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (parsed.has(name) || !Object.hasOwn(partials, name)) continue;
    const source = parseSource(partials[name] ?? '');
    parsed.set(name, source);
    for (const helper of source.helpers) helpers.add(helper);
    waiting.push(...source.partials);
  }
  return { parsed, helpers };
}
