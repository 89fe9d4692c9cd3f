/** The templates subgraph as its callers see it: operations on its schema, on real data services. */
import type { ExecutionResult } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal } from '../../platform/auth/principal.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { type OpenRoom, openRoom } from './testing/open-room.ts';

const services = freshDatabase();
let room: OpenRoom;
beforeAll(async () => {
  room = await openRoom(services);
});
afterAll(() => room?.close());

const operatorOf = (workspace: string): Principal => ({
  kind: 'operator',
  workspace,
  key: 'k',
  name: 'Op',
  root: false,
});
const operator = operatorOf('default');
const app: Principal = { kind: 'app', workspace: 'default', app: 'a1', key: 'k', ratePerSecond: 1000 };
const user: Principal = { kind: 'user', workspace: 'default', user: 'u1', expiresAt: 4e9 };

const SAVE =
  'mutation ($input: TemplateInput!) { saveTemplate(input: $input) { id publishedVersion draftVersion } }';
const PUBLISH = 'mutation ($id: ID!) { publishTemplate(id: $id) { id publishedVersion draftVersion } }';
const SAVE_ROUTE =
  'mutation ($input: RouteInput!) { saveRoute(input: $input) { event publishedVersion draftVersion } }';
const PUBLISH_ROUTE =
  'mutation ($event: ID!) { publishRoute(event: $event) { event publishedVersion draftVersion } }';
const ENTITIES = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Template { id name channels publishedVersion draftVersion category variables } } }`;

/** The data of an operation that must succeed. */
async function run(principal: Principal, source: string, variables?: Record<string, unknown>) {
  const result = await room.execute(principal, source, variables);
  expect(result.errors).toBeUndefined();
  return JSON.parse(JSON.stringify(result.data)) as Record<string, unknown>;
}
const problem = (result: ExecutionResult): Record<string, unknown> => ({
  ...result.errors?.[0]?.extensions,
  message: result.errors?.[0]?.message,
});
const template = (id: string, body = 'Hello {{name}}', more: Record<string, unknown> = {}) => ({
  input: { id, name: `Template ${id}`, contents: [{ channel: 'IN_APP', body }], ...more },
});

describe('saving and publishing a template', () => {
  test('draft 1, published 1, draft 2, published 2', async () => {
    const draft = { id: 'life', publishedVersion: null, draftVersion: 1 };
    expect(await run(operator, SAVE, template('life'))).toEqual({ saveTemplate: draft });
    expect(await run(operator, SAVE, template('life', 'Hi'))).toEqual({ saveTemplate: draft });
    expect(await room.service.publishedTemplate('default', 'life')).toBeUndefined();
    const published = { id: 'life', publishedVersion: 1, draftVersion: null };
    expect(await run(operator, PUBLISH, { id: 'life' })).toEqual({ publishTemplate: published });
    const first = await room.service.publishedTemplate('default', 'life');
    expect(first?.render('IN_APP', undefined, {})).toEqual({
      channel: 'IN_APP',
      locale: 'default',
      body: 'Hi',
    });
    expect(await run(operator, SAVE, template('life', 'Hey'))).toEqual({
      saveTemplate: { id: 'life', publishedVersion: 1, draftVersion: 2 },
    });
    expect((await room.service.publishedTemplate('default', 'life'))?.version).toBe(1);
    await run(operator, PUBLISH, { id: 'life' });
    expect(
      (await room.service.publishedTemplate('default', 'life'))?.render('IN_APP', undefined, {}).body,
    ).toBe('Hey');
    expect(
      (await room.service.templateVersion('default', 'life', 1))?.render('IN_APP', undefined, {}).body,
    ).toBe('Hi');
    expect(await room.service.templateVersion('default', 'life', 3)).toBeUndefined();
  });

  test('a version is compiled once', async () => {
    await run(operator, SAVE, template('once'));
    await run(operator, PUBLISH, { id: 'once' });
    const [a, b] = await Promise.all([1, 2].map(() => room.service.publishedTemplate('default', 'once')));
    expect(a).toBeDefined();
    expect(b).toBe(a);
    expect(await room.service.templateVersion('default', 'once', 1)).toBe(a);
  });

  test('publishing what has no draft, or is not there', async () => {
    await run(operator, SAVE, template('nodraft'));
    await run(operator, PUBLISH, { id: 'nodraft' });
    expect(problem(await room.execute(operator, PUBLISH, { id: 'nodraft' }))).toEqual({
      code: 'BAD_USER_INPUT',
      field: 'id',
      message:
        'Template "nodraft" has no draft to publish; version 1 is published already. Save a draft first.',
    });
    expect(problem(await room.execute(operator, PUBLISH, { id: 'nope' }))).toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('a wrong input names its field and stores nothing', async () => {
    const wrong = template('wrong', 'ok', {
      contents: [
        { channel: 'SMS', body: 'ok' },
        { channel: 'EMAIL', body: 'ok', html: '<p>\n{{#if}}' },
      ],
    });
    expect(problem(await room.execute(operator, SAVE, wrong))).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'input.contents.1.html',
      message: expect.stringMatching(/^Line 2: /) as string,
    });
    expect(problem(await room.execute(operator, 'query { template(id: "wrong") { id } }'))).toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('what no provider could send is not published', async () => {
    const contents = [
      { channel: 'EMAIL', body: 'x'.repeat(5_000) },
      { channel: 'SMS', body: `${'x'.repeat(1_601)}{{name}}` },
    ];
    await run(operator, SAVE, { input: { id: 'long', name: 'Long', contents } });
    expect(problem(await room.execute(operator, PUBLISH, { id: 'long' }))).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'contents.1.body',
      message: expect.stringContaining('SMS takes at most 1600') as string,
    });
    expect(await room.service.publishedTemplate('default', 'long')).toBeUndefined();
    await run(operator, SAVE, template('long'));
    await run(operator, PUBLISH, { id: 'long' });
  });

  test('a preview tells how large each content is', async () => {
    const contents = [
      { channel: 'SMS', title: 'Paid', body: 'Order {{order}} – thank you' },
      { channel: 'EMAIL', body: 'Größe' },
      { channel: 'TELEGRAM', body: '{{order}}' },
    ];
    await run(operator, SAVE, { input: { id: 'sized', name: 'Sized', contents } });
    const query = `query ($data: JSON) { previewTemplate(id: "sized", data: $data, allowOversize: true) {
      size { characters bytes segments encoding outsideGsm7 limit limitUnit fits } } }`;
    const { previewTemplate } = await run(app, query, { data: { order: '7'.repeat(4_097) } });
    const none = { segments: null, encoding: null, outsideGsm7: null, limit: null, limitUnit: null };
    const characters = { limitUnit: 'CHARACTERS', fits: false };
    expect(previewTemplate).toEqual([
      {
        size: {
          ...characters,
          characters: 4_120,
          bytes: 4_122,
          segments: 62,
          encoding: 'UCS_2',
          outsideGsm7: ['–'],
          limit: 1_600,
        },
      },
      { size: { ...none, characters: 5, bytes: 7, fits: true } },
      { size: { ...none, ...characters, characters: 4_097, bytes: 4_097, limit: 4_096 } },
    ]);
  });

  test('a preview refuses what is larger than its channel takes, and names its content', async () => {
    const contents = [
      { channel: 'EMAIL', body: '{{text}}' },
      { channel: 'SMS', locale: 'de', body: '{{text}}' },
      { channel: 'SMS', body: '{{text}}' },
    ];
    await run(operator, SAVE, { input: { id: 'over', name: 'Over', contents } });
    const query = `query ($data: JSON, $locale: String) {
      previewTemplate(id: "over", data: $data, locale: $locale) { truncated } }`;
    const data = { text: 'x'.repeat(1_601) };
    expect(problem(await room.execute(app, query, { data }))).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'contents.2.body',
      message: expect.stringMatching(/SMS \(no locale\) has 1601 characters .* at most 1600/) as string,
    });
    expect(problem(await room.execute(app, query, { data, locale: 'de-AT' }))).toMatchObject({
      field: 'contents.1.body',
      message: expect.stringContaining('SMS (de) has') as string,
    });
    expect((await run(app, query, { data: { text: 'short' } })).previewTemplate).toEqual([
      { truncated: false },
      { truncated: false },
    ]);
  });

  test('what is to be cut is cut in the preview and where it is sent', async () => {
    const contents = [
      { channel: 'TELEGRAM', title: 'T', body: '{{text}}', oversize: 'TRUNCATE' },
      { channel: 'SMS', body: '{{text}}', oversize: 'TRUNCATE', maxSegments: 2 },
    ];
    await run(operator, SAVE, { input: { id: 'cut', name: 'Cut', contents } });
    const shown = await run(app, 'query { template(id: "cut") { contents { oversize maxSegments } } }');
    expect(shown.template).toEqual({
      contents: [
        { oversize: 'TRUNCATE', maxSegments: null },
        { oversize: 'TRUNCATE', maxSegments: 2 },
      ],
    });
    const text = 'x'.repeat(5_000);
    const { previewTemplate } = await run(
      app,
      `query ($data: JSON) { previewTemplate(id: "cut", data: $data) {
        title body truncated size { characters segments fits } } }`,
      { data: { text } },
    );
    const sms = `${'x'.repeat(303)}...`;
    expect(previewTemplate).toEqual([
      {
        title: 'T',
        body: `${'x'.repeat(4_093)}…`,
        truncated: true,
        size: { characters: 4_096, segments: null, fits: true },
      },
      { title: null, body: sms, truncated: true, size: { characters: 306, segments: 2, fits: true } },
    ]);
    await run(operator, PUBLISH, { id: 'cut' });
    const published = await room.service.publishedTemplate('default', 'cut');
    expect(published?.render('SMS', undefined, { text })).toEqual({
      channel: 'SMS',
      locale: 'default',
      body: sms,
    });
  });

  test('what was saved comes back as it was', async () => {
    const variables = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      required: ['a.b'],
      properties: { 'a.b': {}, $c: {} },
    };
    const contents = [
      { channel: 'EMAIL', locale: 'de', title: 'T', body: 'B', html: '<p>', url: '/u' },
      { channel: 'SMS', locale: null, title: null, body: 'S', html: null, url: null },
    ];
    await run(operator, SAVE, { input: { id: 'back', name: 'Back', category: 'c', variables, contents } });
    const query = `query { template(id: "back") { id name category channels variables updatedAt contents { channel locale title body html url } } }`;
    const { template: found } = await run(app, query);
    expect(found).toEqual({
      id: 'back',
      name: 'Back',
      category: 'c',
      channels: ['EMAIL', 'SMS'],
      variables,
      contents,
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
    });
    await run(operator, PUBLISH, { id: 'back' });
    expect((await run(app, query)).template).toMatchObject({ variables, contents });
  });
});

describe('preview', () => {
  const PREVIEW = `query ($id: ID!, $data: JSON, $locale: String, $version: Int) { previewTemplate(id: $id, data: $data, locale: $locale, version: $version) { channel locale title body html url } }`;
  const bodies = async (variables: Record<string, unknown>) =>
    ((await run(app, PREVIEW, variables)).previewTemplate as { body: string }[]).map((c) => c.body);

  test('the draft by default, else the published version, and any version by number', async () => {
    await run(operator, SAVE, template('pre', 'one'));
    expect(await bodies({ id: 'pre' })).toEqual(['one']);
    await run(operator, PUBLISH, { id: 'pre' });
    expect(await bodies({ id: 'pre' })).toEqual(['one']);
    await run(operator, SAVE, template('pre', 'two'));
    expect(await bodies({ id: 'pre' })).toEqual(['two']);
    expect(await bodies({ id: 'pre', version: 2 })).toEqual(['two']);
    expect(await bodies({ id: 'pre', version: 1 })).toEqual(['one']);
    await run(operator, SAVE, template('pre', 'three'));
    expect(await bodies({ id: 'pre', version: 2 })).toEqual(['three']);
  });

  test('all channels, in the locale that fits', async () => {
    const contents = [
      {
        channel: 'EMAIL',
        title: 'Hi',
        body: 'en {{name}} {{user.name}}{{notification.id}}',
        html: '<b>{{name}}</b>',
      },
      {
        channel: 'EMAIL',
        locale: 'de',
        title: 'Hallo {{name}}',
        body: 'de {{data.name}}',
        html: '{{name}}',
        url: '/{{name}}',
      },
      { channel: 'SMS', locale: 'fr', body: 'fr {{name}}' },
    ];
    await run(operator, SAVE, template('all', '', { contents }));
    const data = { name: '<x>', user: { name: 'from data' } };
    expect(await run(app, PREVIEW, { id: 'all', data, locale: 'de_AT' })).toEqual({
      previewTemplate: [
        {
          channel: 'EMAIL',
          locale: 'de',
          title: 'Hallo <x>',
          body: 'de <x>',
          html: '&lt;x&gt;',
          url: '/<x>',
        },
        { channel: 'SMS', locale: 'fr', title: null, body: 'fr <x>', html: null, url: null },
      ],
    });
    expect(await run(app, PREVIEW, { id: 'all', data })).toMatchObject({
      previewTemplate: [{ locale: 'default', body: 'en <x> ', html: '<b>&lt;x&gt;</b>' }, { locale: 'fr' }],
    });
  });

  test('data that do not fit name the variable', async () => {
    const variables = { required: ['order'], properties: { order: { required: ['id'] } } };
    await run(operator, SAVE, template('strict', '{{order.id}}', { variables }));
    for (const [data, field, message] of [
      [undefined, 'data.order', 'The template requires the variable "order".'],
      [{ order: {} }, 'data.order.id', 'The template requires the variable "order.id".'],
      [[1], 'data', "The template's variables must be an object."],
      [{ order: { id: 'x'.repeat(65_536) } }, 'data', 'Must be at most 64 KiB as JSON.'],
      [
        JSON.parse(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`),
        'data',
        'Must be at most 64 levels deep.',
      ],
    ] as const)
      expect(problem(await room.execute(app, PREVIEW, { id: 'strict', data }))).toEqual({
        code: 'BAD_USER_INPUT',
        field,
        message,
      });
  });

  test('what fails to render is the fault of the data', async () => {
    await run(operator, SAVE, template('loop', '{{#each a}}{{#each @root.a}}{{/each}}{{/each}}'));
    const data = { a: Array.from({ length: 300 }, () => 0) };
    expect(problem(await room.execute(app, PREVIEW, { id: 'loop', data }))).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'data',
      message: expect.stringContaining('loops run more than 50000 times') as string,
    });
  });

  test('what is not there', async () => {
    await run(operator, SAVE, template('there'));
    for (const variables of [
      { id: 'nope' },
      { id: 'there', version: 2 },
      { id: 'there', version: -1 },
      { id: 'a b' },
    ])
      expect(problem(await room.execute(app, PREVIEW, variables))).toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('routes', () => {
  const route = (event: string, more: Record<string, unknown> = {}) => ({
    input: { event, template: 'routed', ...more },
  });
  const READ = `query ($event: ID!) { route(event: $event) { event template { id name } channels priority category delaySeconds recipients { user group channel address } publishedVersion draftVersion } }`;

  test('need a template that is there, and published to be published', async () => {
    expect(problem(await room.execute(operator, SAVE_ROUTE, route('order.paid')))).toEqual({
      code: 'BAD_USER_INPUT',
      field: 'input.template',
      message: 'There is no template "routed".',
    });
    await run(operator, SAVE, template('routed'));
    expect(await run(operator, SAVE_ROUTE, route('order.paid'))).toEqual({
      saveRoute: { event: 'order.paid', publishedVersion: null, draftVersion: 1 },
    });
    expect(problem(await room.execute(operator, PUBLISH_ROUTE, { event: 'order.paid' }))).toEqual({
      code: 'BAD_USER_INPUT',
      field: 'event',
      message: 'The route\'s template "routed" is not published; publish it first.',
    });
    expect(await room.service.publishedRoute('default', 'order.paid')).toBeUndefined();
    await run(operator, PUBLISH, { id: 'routed' });
    expect(await run(operator, PUBLISH_ROUTE, { event: 'order.paid' })).toEqual({
      publishRoute: { event: 'order.paid', publishedVersion: 1, draftVersion: null },
    });
    expect(await room.service.publishedRoute('default', 'order.paid')).toEqual({
      event: 'order.paid',
      version: 1,
      actions: [{ name: 'message', template: 'routed', channels: [], recipients: [{ caller: true }] }],
      priority: 'MEDIUM',
      delaySeconds: 0,
      cancelOn: [],
      quietHours: 'HOLD',
      followUps: [],
    });
    expect(problem(await room.execute(operator, PUBLISH_ROUTE, { event: 'order.paid' }))).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'event',
    });
    expect(problem(await room.execute(operator, PUBLISH_ROUTE, { event: 'nope' }))).toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('a draft changes nothing until it is published, then at once', async () => {
    const recipients = [{ user: 'u1' }, { group: 'g1' }, { channel: 'EMAIL', address: 'a@example.com' }];
    const more = {
      channels: ['EMAIL', 'SMS'],
      priority: 'HIGH',
      category: 'orders',
      delaySeconds: 60,
      recipients,
    };
    await run(operator, SAVE_ROUTE, route('order.sent'));
    await run(operator, PUBLISH_ROUTE, { event: 'order.sent' });
    expect((await room.service.publishedRoute('default', 'order.sent'))?.priority).toBe('MEDIUM');
    await run(operator, SAVE_ROUTE, route('order.sent', more));
    expect((await room.service.publishedRoute('default', 'order.sent'))?.priority).toBe('MEDIUM');
    expect((await run(app, READ, { event: 'order.sent' })).route).toEqual({
      event: 'order.sent',
      template: { id: 'routed', name: 'Template routed' },
      ...more,
      recipients: [
        { user: 'u1', group: null, channel: null, address: null },
        { user: null, group: 'g1', channel: null, address: null },
        { user: null, group: null, channel: 'EMAIL', address: 'a@example.com' },
      ],
      publishedVersion: 1,
      draftVersion: 2,
    });
    await run(operator, PUBLISH_ROUTE, { event: 'order.sent' });
    expect(await room.service.publishedRoute('default', 'order.sent')).toEqual({
      event: 'order.sent',
      version: 2,
      actions: [
        {
          name: 'message',
          template: 'routed',
          channels: more.channels,
          recipients: [{ caller: true }, ...recipients],
        },
      ],
      priority: 'HIGH',
      category: 'orders',
      delaySeconds: 60,
      cancelOn: [],
      quietHours: 'HOLD',
      followUps: [],
    });
  });

  test('are listed by event', async () => {
    const { routes } = await run(app, '{ routes(first: 1) { nodes { event } pageInfo { hasNextPage } } }');
    expect(routes).toEqual({ nodes: [{ event: 'order.paid' }], pageInfo: { hasNextPage: true } });
  });
});

describe('lists of templates', () => {
  const LIST = `query ($first: Int, $after: String) { templates(first: $first, after: $after) { edges { cursor node { id } } nodes { id contents { body } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
  const lister = operatorOf('lists');
  interface Page {
    readonly templates: {
      readonly edges: { cursor: string; node: { id: string } }[];
      readonly nodes: { id: string; contents: { body: string }[] }[];
      readonly pageInfo: {
        hasNextPage: boolean;
        hasPreviousPage: boolean;
        startCursor: string | null;
        endCursor: string | null;
      };
    };
  }
  const page = async (variables: Record<string, unknown>) =>
    (await run(lister, LIST, variables)) as unknown as Page;

  test('page by page, each once', async () => {
    expect((await page({})).templates).toEqual({
      edges: [],
      nodes: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
    const ids = Array.from({ length: 7 }, (_, i) => `t${i}`);
    for (const id of ids.toReversed()) await run(lister, SAVE, template(id, `body of ${id}`));
    const seen: string[] = [];
    let after: string | null = null;
    for (const expected of [3, 3, 1]) {
      const { templates } = await page({ first: 3, after });
      expect(templates.nodes).toHaveLength(expected);
      expect(templates.nodes.map((n) => n.contents[0]?.body)).toEqual(
        templates.nodes.map((n) => `body of ${n.id}`),
      );
      expect(templates.edges.map((e) => e.node.id)).toEqual(templates.nodes.map((n) => n.id));
      expect(templates.pageInfo).toMatchObject({
        hasNextPage: expected === 3,
        hasPreviousPage: after !== null,
      });
      seen.push(...templates.nodes.map((n) => n.id));
      after = templates.pageInfo.endCursor;
    }
    expect(seen).toEqual(ids);
  });

  test.each([
    [{ first: 0 }, 'first'],
    [{ first: 101 }, 'first'],
    [{ after: 'not a cursor!' }, 'after'],
    [{ after: '' }, 'after'],
  ])('%j is refused', async (variables, field) => {
    expect(problem(await room.execute(lister, LIST, variables))).toMatchObject({
      code: 'BAD_USER_INPUT',
      field,
    });
  });
});

describe('references from other subgraphs', () => {
  const of = (...ids: string[]) => ({ of: ids.map((id) => ({ __typename: 'Template', id })) });

  test('are resolved in one query, in order, unknown ones as null', async () => {
    for (const id of ['r1', 'r2']) await run(operator, SAVE, template(id));
    const queries: string[] = [];
    room.connection.set('debug', (collection: string, method: string) => {
      queries.push(`${collection}.${method}`);
    });
    try {
      expect(await run(app, ENTITIES, of('r2', 'nope', 'r1', 'r2'))).toMatchObject({
        _entities: [{ id: 'r2' }, null, { id: 'r1' }, { id: 'r2' }],
      });
    } finally {
      room.connection.set('debug', false);
    }
    expect(queries).toEqual(['templates.find']);
  });

  test('another workspace is not seen', async () => {
    await run(operatorOf('other'), SAVE, template('theirs'));
    await run(operatorOf('other'), PUBLISH, { id: 'theirs' });
    expect(await run(app, ENTITIES, of('theirs'))).toEqual({ _entities: [null] });
    expect(problem(await room.execute(operator, 'query { template(id: "theirs") { id } }'))).toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(problem(await room.execute(operator, PUBLISH, { id: 'theirs' }))).toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(
      problem(await room.execute(operator, 'query { previewTemplate(id: "theirs") { body } }')),
    ).toMatchObject({ code: 'NOT_FOUND' });
    expect(
      problem(await room.execute(operator, SAVE_ROUTE, { input: { event: 'x', template: 'theirs' } })),
    ).toMatchObject({ field: 'input.template' });
    expect(await room.service.publishedTemplate('default', 'theirs')).toBeUndefined();
    expect((await room.service.publishedTemplate('other', 'theirs'))?.id).toBe('theirs');
  });

  test('users see the published name and channels, neither drafts nor sources', async () => {
    await run(
      operator,
      SAVE,
      template('seen', 'secret words', { name: 'Public', category: 'c', variables: { required: ['x'] } }),
    );
    expect(await run(user, ENTITIES, of('seen'))).toEqual({ _entities: [null] });
    await run(operator, PUBLISH, { id: 'seen' });
    await run(
      operator,
      SAVE,
      template('seen', 'draft', { name: 'Draft', contents: [{ channel: 'SMS', body: 'draft' }] }),
    );
    expect(await run(user, ENTITIES, of('seen'))).toEqual({
      _entities: [
        {
          id: 'seen',
          name: 'Public',
          channels: ['IN_APP'],
          publishedVersion: 1,
          draftVersion: null,
          category: 'c',
          variables: null,
        },
      ],
    });
    expect(await run(app, ENTITIES, of('seen'))).toMatchObject({
      _entities: [{ name: 'Draft', channels: ['SMS'], draftVersion: 2 }],
    });
    const sources = await room.execute(
      user,
      `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Template { contents { body } } } }`,
      of('seen'),
    );
    expect(problem(sources)).toMatchObject({ code: 'FORBIDDEN' });
    expect(JSON.stringify(sources)).not.toContain('secret words');
  });
});

describe('who may do what', () => {
  const OPERATIONS: Record<string, [string, Record<string, unknown>]> = {
    saveTemplate: [SAVE, template('who')],
    publishTemplate: [PUBLISH, { id: 'who' }],
    saveRoute: [SAVE_ROUTE, { input: { event: 'who', template: 'who' } }],
    publishRoute: [PUBLISH_ROUTE, { event: 'who' }],
    template: ['{ template(id: "who") { id } }', {}],
    templates: ['{ templates { nodes { id } } }', {}],
    previewTemplate: ['{ previewTemplate(id: "who") { body } }', {}],
    route: ['{ route(event: "who") { event } }', {}],
    routes: ['{ routes { nodes { event } } }', {}],
  };
  const forOperators = ['saveTemplate', 'publishTemplate', 'saveRoute', 'publishRoute'];

  test.each(Object.keys(OPERATIONS))('%s', async (name) => {
    const [source, variables] = OPERATIONS[name] ?? ['', {}];
    const code = async (principal: Principal | undefined) =>
      problem(await room.execute(principal, source, variables)).code;
    expect(await code(operator)).toBeUndefined();
    expect(await code(app)).toBe(forOperators.includes(name) ? 'FORBIDDEN' : undefined);
    expect(await code(user)).toBe('FORBIDDEN');
    expect(await code(undefined)).toBe('UNAUTHENTICATED');
  });
});

describe('the demo', () => {
  test('is made once and can be sent, what operators changed stays', async () => {
    await room.ensureDemo('demo');
    const welcome = await room.service.publishedTemplate('demo', 'welcome');
    const rendered = welcome?.render('EMAIL', 'en', { product: 'A&B', user: { name: 'Ann' } });
    expect(rendered).toMatchObject({
      title: 'Welcome to A&B',
      html: expect.stringContaining('A&amp;B') as string,
    });
    const route = await room.service.publishedRoute('demo', 'order.paid');
    expect(await room.service.publishedTemplate('demo', route?.actions[0]?.template ?? '')).toBeDefined();
    await run(operatorOf('demo'), SAVE, template('welcome', 'changed'));
    await run(operatorOf('demo'), PUBLISH, { id: 'welcome' });
    await room.ensureDemo('demo');
    expect((await room.service.publishedTemplate('demo', 'welcome'))?.version).toBe(2);
  });
});
