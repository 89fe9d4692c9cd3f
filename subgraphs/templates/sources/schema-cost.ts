/**
 * How much work a JSON Schema makes, before it is ever used: references that double at each step (`allOf` of the same
 * twice, ten lines of it) keep a validator busy for years.
 */

type Schema = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Schemas that one check of data may come by, with references written out. */
export const MAX_SCHEMA_VISITS = 10_000;

const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'] as const;
const SAME_VALUE = ['not', 'if', 'then', 'else'] as const;
const ANY_MEMBER = [
  'additionalProperties',
  'items',
  'additionalItems',
  'unevaluatedProperties',
  'unevaluatedItems',
  'contains',
] as const;
const NAMED = ['properties', 'patternProperties', 'dependentSchemas', 'dependencies'] as const;

/** A way into the data: names of members, `*` for any. */
type Way = readonly string[];

interface Return {
  readonly target: unknown;
  readonly way: Way;
}

class TooMuch extends Error {
  override readonly name = 'TooMuch';
}

/** Why a schema would take too long; undefined where it does not. Pure. */
export function schemaCostProblem(schema: unknown): string | undefined {
  try {
    new Walk(schema).visit(schema, [], []);
    return undefined;
  } catch (error) {
    if (error instanceof TooMuch) return error.message;
    throw error;
  }
}

class Walk {
  readonly #root: unknown;
  #visits = 0;

  constructor(root: unknown) {
    this.#root = root;
  }

  /** @param under schemas that this one is within, each with the way that the data had gone by then. */
  visit(
    schema: unknown,
    way: Way,
    under: readonly { readonly schema: unknown; readonly way: Way }[],
  ): Return[] {
    if (!isObject(schema)) return [];
    if (++this.#visits > MAX_SCHEMA_VISITS)
      throw new TooMuch(
        `The JSON Schema takes too long: with its references written out it has more than ${MAX_SCHEMA_VISITS} schemas.`,
      );
    const again = under.find((outer) => outer.schema === schema);
    if (again) return [{ target: schema, way: way.slice(again.way.length) }];
    const inner = [...under, { schema, way }];
    const returns: Return[] = [];
    const go = (next: unknown, step?: string) =>
      returns.push(...this.visit(next, step === undefined ? way : [...way, step], inner));
    for (const keyword of ['$ref', '$dynamicRef', '$recursiveRef'])
      if (typeof schema[keyword] === 'string') go(this.#resolve(schema[keyword]));
    for (const keyword of LISTS) {
      const list = schema[keyword];
      for (const [index, next] of Array.isArray(list) ? list.entries() : [])
        go(next, keyword === 'prefixItems' ? String(index) : undefined);
    }
    for (const keyword of SAME_VALUE) go(schema[keyword]);
    for (const keyword of ANY_MEMBER) {
      const next = schema[keyword];
      if (Array.isArray(next)) for (const [index, one] of next.entries()) go(one, String(index));
      else go(next, '*');
    }
    for (const keyword of NAMED) {
      const named = schema[keyword];
      if (!isObject(named)) continue;
      for (const [name, next] of Object.entries(named)) {
        if (keyword === 'properties') go(next, name);
        else if (keyword === 'patternProperties') go(next, '*');
        else go(next);
      }
    }
    this.#checkReturns(returns.filter(({ target }) => target === schema));
    return returns.filter(({ target }) => target !== schema);
  }

  /** Data of twenty levels would be looked at a million times. */
  #checkReturns(returns: readonly Return[]): void {
    for (const [index, { way }] of returns.entries())
      for (const other of returns.slice(index + 1))
        if (overlap(way, other.way))
          throw new TooMuch(
            `The JSON Schema takes too long: it comes back to itself by two ways for the same value (${way.join('.') || 'itself'}).`,
          );
  }

  #resolve(reference: string): unknown {
    if (reference === '#') return this.#root;
    if (!reference.startsWith('#/')) return undefined;
    let at: unknown = this.#root;
    for (const part of reference.slice(2).split('/')) {
      const name = decode(part).replaceAll('~1', '/').replaceAll('~0', '~');
      if (Array.isArray(at)) at = at[Number(name)];
      else if (isObject(at) && Object.hasOwn(at, name)) at = at[name];
      else return undefined;
    }
    return at;
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}

const overlap = (a: Way, b: Way): boolean =>
  a.length === b.length && a.every((step, index) => step === b[index] || step === '*' || b[index] === '*');
