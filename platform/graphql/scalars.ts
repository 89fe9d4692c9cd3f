/** The contract's scalars. */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';

/** Largest serialised JSON value that the contract allows. */
export const JSON_MAX_BYTES = 64 * 1024;

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;

const wrong = (message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } });

function parseDateTime(value: unknown): Date {
  if (value instanceof Date) return value;
  const parts = typeof value === 'string' ? RFC3339.exec(value) : null;
  if (!parts) throw wrong('must be an RFC 3339 date-time, for example 2026-01-31T09:30:00Z');
  const [text, year, month, day, hour] = parts;
  const date = new Date(text);
  // JavaScript takes 30 February for 2 March, and 24:00 for the next day.
  if (Number.isNaN(date.getTime()) || Number(day) > daysOf(Number(year), Number(month)) || hour === '24')
    throw wrong(`${text} is not a date that exists`);
  return date;
}

/** @param month 1 to 12. */
function daysOf(year: number, month: number): number {
  const last = new Date(0);
  // Day 0 of the month after. `Date.UTC` would take the years 0 to 99 for 1900 to 1999.
  last.setUTCFullYear(year, month, 0);
  return last.getUTCDate();
}

/** RFC 3339 date-time; `Date` inside, UTC on output. */
export const DateTimeScalar = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  serialize(value) {
    if (value instanceof Date) return value.toISOString();
    // A value that a subgraph has serialised already passes through the gateway as text.
    if (typeof value === 'string' || typeof value === 'number') return new Date(value).toISOString();
    throw new GraphQLError(`DateTime cannot represent ${typeof value}`);
  },
  parseValue: parseDateTime,
  parseLiteral(node) {
    if (node.kind !== Kind.STRING) throw wrong('must be an RFC 3339 date-time in quotes');
    return parseDateTime(node.value);
  },
});

/** Any JSON value. The 64 KiB limit is checked where a value is accepted, so that the error names its field. */
export const JsonScalar = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => jsonLiteral(node, variables ?? {}),
});

function jsonLiteral(node: ValueNode, variables: Record<string, unknown>): unknown {
  switch (node.kind) {
    case Kind.STRING:
    case Kind.BOOLEAN:
    case Kind.ENUM:
      return node.value;
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.LIST:
      return node.values.map((item) => jsonLiteral(item, variables));
    case Kind.OBJECT:
      return Object.fromEntries(node.fields.map((f) => [f.name.value, jsonLiteral(f.value, variables)]));
    case Kind.VARIABLE:
      return variables[node.name.value];
    case Kind.NULL:
      return null;
  }
}
