/** What of a JSON value cannot be taken. Pure. */
import { JSON_MAX_BYTES } from './scalars.ts';

/** MongoDB stores documents up to 100 levels deep, and a value lies some levels down in its document. */
const JSON_MAX_DEPTH = 64;

/** Why a value is too deep or too large, as a sentence for the caller. */
export function jsonProblem(value: unknown): string | undefined {
  // First: what is thousands of levels deep cannot even be serialised.
  if (isDeeperThan(value, JSON_MAX_DEPTH)) return `Must be at most ${JSON_MAX_DEPTH} levels deep.`;
  return value !== undefined && Buffer.byteLength(JSON.stringify(value)) > JSON_MAX_BYTES
    ? 'Must be at most 64 KiB as JSON.'
    : undefined;
}

/** `jsonProblem`, and names that BSON has no place for: it ends names by a null character and marks its types by `_bsontype`. */
export function storedJsonProblem(value: unknown): string | undefined {
  const problem = jsonProblem(value);
  if (problem !== undefined) return problem;
  const name = nameThat(value, (n) => n === '_bsontype' || n.includes('\0'));
  return name === undefined ? undefined : `A member cannot be called ${JSON.stringify(name)}.`;
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(member, levels - 1));
}

/** The first member name, at any depth, for which `is` holds. */
function nameThat(value: unknown, is: (name: string) => boolean): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const isList = Array.isArray(value);
  for (const [name, member] of Object.entries(value)) {
    if (!isList && is(name)) return name;
    const inner = nameThat(member, is);
    if (inner !== undefined) return inner;
  }
  return undefined;
}
