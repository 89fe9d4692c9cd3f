/** Data that a template can be tried with, from what its JSON Schema says of its variables. */

type Schema = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** How deep nested properties are followed. */
const MAX_DEPTH = 10;

/**
 * The first of `examples` of the schema; else its properties, each by its `examples`, `default`, `const` or `enum`.
 * Properties that say none of these are left out: what is made up could fail where true data do not.
 */
export function sampleData(schema: unknown): Readonly<Record<string, unknown>> {
  const sample = sampleOf(schema, MAX_DEPTH);
  return isObject(sample) ? sample : {};
}

function sampleOf(schema: unknown, depth: number): unknown {
  if (!isObject(schema)) return undefined;
  if (Array.isArray(schema.examples) && schema.examples.length > 0) return schema.examples[0];
  for (const keyword of ['default', 'const']) if (schema[keyword] !== undefined) return schema[keyword];
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return schema.enum[0];
  if (depth === 0) return undefined;
  if (isObject(schema.properties)) {
    const known = Object.entries(schema.properties).flatMap(([name, property]) => {
      const sample = sampleOf(property, depth - 1);
      return sample === undefined ? [] : [[name, sample] as const];
    });
    return known.length > 0 ? Object.fromEntries(known) : undefined;
  }
  const item = sampleOf(schema.items, depth - 1);
  return item === undefined ? undefined : [item];
}
