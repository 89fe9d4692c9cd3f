import { fastify } from 'fastify';
import { expect, test } from 'vitest';
import { createLogger } from '../logging/logger.ts';
import { graphQLErrorHandler } from './graphql-errors.ts';
import { forbiddenMember, registerJsonBodies } from './json-bodies.ts';

test.each([
  ['{"variables":{"input":{"variables":{"__proto__":{"a":1}}}}}', 'input.variables.__proto__'],
  ['{"variables":{"data":[{"x":1},{"\\u005f_proto__":1}]}}', 'data.1.__proto__'],
  ['{"variables":{"data":{"constructor":{"prototype":1}}}}', 'data.constructor.prototype'],
  ['{"variables":{"__proto__":1}}', '__proto__'],
  ['{"__proto__":1}', '__proto__'],
  ['{"variables":{"data":{"constructor":{"name":1},"prototype":2,"text":"__proto__"}}}', undefined],
  ['{"variables":', undefined],
  ['[]', undefined],
])('%s: %s', (text, field) => {
  expect(forbiddenMember(text)).toBe(field);
});

test('of what is very deep, too', () => {
  const depth = 20_000;
  const text = `{"variables":{"data":${'{"a":'.repeat(depth)}{"__proto__":1}${'}'.repeat(depth)}}}`;
  expect(forbiddenMember(text)).toBe(`data.${'a.'.repeat(depth)}__proto__`);
});

test('a body is refused at its place, and others arrive as they are', async () => {
  const app = fastify();
  registerJsonBodies(app);
  app.post('/', {
    errorHandler: graphQLErrorHandler(createLogger({ level: 'silent', role: 'test' })),
    handler: async ({ body }) => ({ body }),
  });
  const post = (payload: string) =>
    app.inject({ method: 'POST', url: '/', headers: { 'content-type': 'application/json' }, payload });
  const refused = await post('{"variables":{"input":{"sample":{"__proto__":1}}}}');
  expect(refused.statusCode).toBe(400);
  expect(refused.json()).toEqual({
    errors: [
      {
        message: 'A member cannot be called "__proto__" here: rename it.',
        extensions: { code: 'BAD_USER_INPUT', field: 'input.sample.__proto__' },
      },
    ],
  });
  expect((await post('{"a":')).statusCode).toBe(400);
  expect((await post('{"constructor":{"a":[1]}}')).json()).toEqual({ body: { constructor: { a: [1] } } });
  await app.close();
});
