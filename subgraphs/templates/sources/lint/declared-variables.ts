/** What a template's JSON Schema says of a variable. */
import type { VariablePath } from './used-variables.ts';

type Schema = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Steps through references and alternatives that one look-up may take. */
const MAX_STEPS = 1_000;

export interface Declaration {
  /** False where the schema names others beside it and not this one. */
  readonly isDeclared: boolean;
  /** It is an object and nothing else. */
  readonly isObject: boolean;
}

/** @param schema passed `variablesProblem`. */
export function declarationOf(root: unknown, path: VariablePath): Declaration {
  let schemas = alternatives(root, root);
  for (const step of path) {
    const next = schemas.map((schema) => memberOf(schema, step));
    if (next.length === 0 || next.includes('unknown')) return { isDeclared: true, isObject: false };
    const found = next.filter(isObject);
    if (found.length === 0) return { isDeclared: false, isObject: false };
    schemas = found.flatMap((schema) => alternatives(schema, root));
  }
  return { isDeclared: true, isObject: path.length > 0 && schemas.some(({ type }) => type === 'object') };
}

/** The schema and all that hold, or may hold, of the same value. */
function alternatives(schema: unknown, root: unknown): Schema[] {
  const found: Schema[] = [];
  const waiting: unknown[] = [schema];
  for (let steps = 0; waiting.length > 0 && steps < MAX_STEPS; steps++) {
    const next = waiting.pop();
    if (!isObject(next) || found.includes(next)) continue;
    found.push(next);
    if (typeof next.$ref === 'string') waiting.push(referred(root, next.$ref));
    for (const keyword of ['allOf', 'anyOf', 'oneOf'])
      if (Array.isArray(next[keyword])) waiting.push(...next[keyword]);
    for (const keyword of ['if', 'then', 'else']) waiting.push(next[keyword]);
  }
  // One that says nothing of members says nothing against any, where another names them.
  const speaking = found.filter((one) => isObject(one.properties) || one.items !== undefined);
  return speaking.length > 0 ? speaking : found;
}

function memberOf(schema: Schema, step: string): Schema | 'unknown' | 'absent' {
  if (step === '*' || /^\d+$/.test(step)) {
    if (isObject(schema.items)) return schema.items;
    return isObject(schema.additionalProperties) ? schema.additionalProperties : 'unknown';
  }
  // Of lists and texts.
  if (step === 'length') return 'unknown';
  const { properties, patternProperties, additionalProperties } = schema;
  if (isObject(properties) && Object.hasOwn(properties, step)) {
    const member = properties[step];
    return isObject(member) ? member : 'unknown';
  }
  if (isObject(additionalProperties)) return additionalProperties;
  if (patternProperties !== undefined || additionalProperties === true) return 'unknown';
  return isObject(properties) || additionalProperties === false ? 'absent' : 'unknown';
}

function referred(root: unknown, reference: string): unknown {
  if (reference === '#') return root;
  let at: unknown = root;
  for (const part of reference.replace(/^#\//, '').split('/')) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    at = isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  return at;
}
