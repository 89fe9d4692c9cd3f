/** JSON request bodies without names that change what objects are, each refused at its place. */
import type { FastifyInstance } from 'fastify';
import { badInput } from '../errors/herald-error.ts';

/** Fastify refuses such names as "invalid JSON"; here the caller hears which one it is, and what to do. */
export function registerJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) =>
    parse(request, String(body), (error, value) => {
      const field = error ? forbiddenMember(String(body)) : undefined;
      if (field === undefined) done(error, value);
      else
        done(
          badInput(field, `A member cannot be called "${field.split('.').at(-1)}" here: rename it.`),
          undefined,
        );
    }),
  );
}

/**
 * The first member called `__proto__`, or `prototype` within `constructor`. Pure.
 * @param text a GraphQL request as JSON.
 * @returns its path as the operation's arguments are called (`input.variables.__proto__`); undefined where there is none,
 * and of what is no JSON.
 */
export function forbiddenMember(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const found = find(value);
  return found && (found[0] === 'variables' && found.length > 1 ? found.slice(1) : found).join('.');
}

/** Breadth first: as deep as a body may be, nothing is called within itself. */
function find(root: unknown): readonly string[] | undefined {
  interface Place {
    readonly value: unknown;
    readonly name: string;
    readonly within?: Place;
  }
  const pathOf = (place: Place): string[] => {
    const path: string[] = [];
    for (let at: Place = place; at.within; at = at.within) path.unshift(at.name);
    return path;
  };
  const waiting: Place[] = [{ value: root, name: '' }];
  for (const place of waiting) {
    if (typeof place.value !== 'object' || place.value === null) continue;
    for (const [name, value] of Object.entries(place.value)) {
      const member = { value, name, within: place };
      if (name === '__proto__' || (name === 'prototype' && place.name === 'constructor'))
        return pathOf(member);
      waiting.push(member);
    }
  }
  return undefined;
}
