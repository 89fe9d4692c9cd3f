/** Paths into an event's data, as routes name them: `order.id`, `items.0.sku`. */
import { badInput } from '../../../platform/errors/herald-error.ts';

const PATH = /^[^.\s\p{C}]{1,100}(\.[^.\s\p{C}]{1,100}){0,9}$/u;

/** @throws HeraldError BAD_USER_INPUT naming `field`. */
export function checkPath(field: string, path: string): string {
  if (!PATH.test(path))
    throw badInput(
      field,
      'Must be a path in the data, for example "order.id": at most 10 names of printable characters, without spaces.',
    );
  return path;
}

/** The value at a path; undefined where there is none. Own members only. */
export function valueAt(data: unknown, path: string): unknown {
  let value = data;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[name];
  }
  return value;
}
