/** Templates and routes that would harm: each is refused with its field named, at once, and nothing is stored. */
import mongoose from 'mongoose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GraphError } from '../support/graph.ts';
import { usePlatform } from '../support/platform.ts';

const platform = usePlatform();
let store: mongoose.Connection;

const SAVE = 'mutation Save($input: TemplateInput!) { saveTemplate(input: $input) { id draftVersion } }';
const PUBLISH = 'mutation Publish($id: ID!) { publishTemplate(id: $id) { publishedVersion } }';
const PARTIAL = 'mutation Partial($input: PartialInput!) { savePartial(input: $input) { id } }';
const ROUTE = 'mutation Route($input: RouteInput!) { saveRoute(input: $input) { event } }';

const mail = (content: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  id: 'bad',
  name: 'Bad',
  contents: [
    { channel: 'SMS', body: 'fine' },
    { channel: 'EMAIL', title: 'Hello', body: 'Hello', ...content },
  ],
  ...more,
});

beforeAll(async () => {
  store = await mongoose.createConnection(platform.database.mongodbUri).asPromise();
  await platform.operator.data(SAVE, { input: mail({}, { id: 'kept', name: 'Kept' }) });
  await platform.operator.data(PUBLISH, { id: 'kept' });
  for (const [id, source] of [
    ['inner', 'in'],
    ['outer', '{{> inner}}'],
  ])
    await platform.operator.data(PARTIAL, { input: { id, source } });
  for (const [event, follows] of [
    ['loop.a', []],
    ['loop.b', [{ event: 'loop.a' }]],
    ['loop.c', [{ event: 'loop.b' }]],
  ] as const)
    await platform.operator.data(ROUTE, { input: { event, template: 'kept', followUps: follows } });
});
afterAll(() => store?.close());

/** All that is stored of templates and routes, word for word. */
async function stored(): Promise<string> {
  const found = await Promise.all(
    [
      'templates',
      'template_versions',
      'template_partials',
      'template_partial_versions',
      'routes',
      'route_versions',
    ].map((name) => store.collection(name).find().sort({ _id: 1 }).toArray()),
  );
  return JSON.stringify(found);
}

async function refused(query: string, variables: Record<string, unknown>): Promise<GraphError> {
  const before = await stored();
  const { data, errors } = await platform.operator.ask<Record<string, unknown>>(query, variables);
  expect(Object.values(data ?? {}).filter((value) => value !== null)).toEqual([]);
  expect(errors).toHaveLength(1);
  expect(await stored()).toBe(before);
  const [error] = errors ?? [];
  if (!error) throw new Error('no error');
  return error;
}

/** Schemas whose checks take for ever, or that are no bounds at all. */
const references = (depth: number) =>
  Object.fromEntries(
    Array.from({ length: depth }, (_, at) => [
      `d${at}`,
      { anyOf: Array.from({ length: 10 }, () => ({ $ref: `#/definitions/d${at + 1}` })) },
    ]),
  );
const bomb = {
  type: 'object',
  definitions: { ...references(12), d12: { type: 'string' } },
  properties: { name: { $ref: '#/definitions/d0' } },
};

const BODY = 'input.contents.1.body';
const templates: readonly (readonly [string, Record<string, unknown>, string, RegExp])[] = [
  ['a look-up of a constructor', mail({ body: 'Hi {{name.constructor}}' }), BODY, /constructor/],
  [
    'a look-up of __proto__',
    mail({ body: '{{#with a}}\n{{__proto__.b}}{{/with}}' }),
    BODY,
    /^Line 2.*__proto__/,
  ],
  ['the same by a helper', mail({ body: '{{lookup name "constructor"}}' }), BODY, /constructor/],
  ['an unknown helper', mail({ body: '{{shout name}}' }), BODY, /shout/],
  ['a partial that is not there', mail({ body: '{{> footer}}' }), BODY, /footer/],
  [
    'an endless each',
    mail(
      { body: `${'{{#each @root.a}}'.repeat(6)}x${'{{/each}}'.repeat(6)}` },
      { variables: { type: 'object', examples: [{ a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }] } },
    ),
    BODY,
    /loops run more than/,
  ],
  ['CRLF in a subject', mail({ title: 'Hi\r\nBcc: a@example.org' }), 'input.contents.1.title', /one line/],
  ['1 MB of HTML', mail({ html: `<p>${'x'.repeat(1024 * 1024)}</p>` }), 'input.contents.1.html', /bytes/],
  ['blocks without end', mail({ body: '{{#if a}}'.repeat(2_000) }), BODY, /nested|blocks/],
  [
    'a name that changes what objects are',
    mail({}, { sample: JSON.parse('{"__proto__": {"a": 1}}') as unknown }),
    'input.sample.__proto__',
    /rename it/,
  ],
  ['a JSON Schema bomb', mail({}, { variables: bomb }), 'input.variables', /./],
];

describe('a template is refused', () => {
  test.each(templates)('%s', async (_, input, field, message) => {
    const started = performance.now();
    const error = await refused(SAVE, { input });
    expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
    expect(error.message).toMatch(message);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  test('a parsed program in the place of a source', async () => {
    const program = { type: 'Program', body: [{ type: 'MustacheStatement' }], strip: {} };
    for (const part of ['body', 'title', 'html']) {
      const error = await refused(SAVE, { input: mail({ [part]: program }) });
      expect(error.extensions.code).toBe('BAD_USER_INPUT');
      expect(`${error.extensions.field} ${error.message}`).toContain(`input.contents[1].${part}`);
    }
  });
});

test.each([
  ['one that calls itself', { id: 'self', source: '{{> self}}' }],
  ['a circle of two', { id: 'inner', source: '{{> outer}}' }],
])('a partial is refused: %s', async (_, input) => {
  const error = await refused(PARTIAL, { input });
  expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.source' });
});

describe('a route is refused', () => {
  test.each([
    ['one that brings itself about', { event: 'loop.a', followUps: [{ event: 'loop.a' }] }],
    ['a circle of three', { event: 'loop.a', followUps: [{ event: 'loop.c' }] }],
  ])('%s', async (_, route) => {
    const error = await refused(ROUTE, { input: { template: 'kept', ...route } });
    expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.followUps.0.event' });
  });
});

test('what was there before is sent as before', async () => {
  const { previewTemplate } = await platform.operator.data<{ previewTemplate: { body: string }[] }>(
    '{ previewTemplate(id: "kept") { body } }',
  );
  expect(previewTemplate.map(({ body }) => body)).toEqual(['fine', 'Hello']);
});
