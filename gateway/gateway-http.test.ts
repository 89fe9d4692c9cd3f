import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../platform/auth/principal.ts';
import { createGateway } from './gateway.ts';
import { CompositionError } from './supergraph/supergraph.ts';
import { memoryLog } from './testing/memory-log.ts';
import { PLACEMENTS, startToyGateway, type ToyGateway } from './testing/toy-gateway.ts';
import { TOY_SDLS, toySubgraphs } from './testing/toy-subgraphs.ts';
import { TOY_JWT_SECRET, toyUserToken } from './testing/toy-tokens.ts';

const APP: Principal = { kind: 'app', workspace: 'default', app: 'app_1', key: 'key_1', ratePerSecond: 1000 };
const UUID = /^[0-9a-f-]{36}$/;

describe.each(PLACEMENTS)('the gateway over HTTP, subgraphs %s', (placement) => {
  let toy: ToyGateway;
  beforeAll(async () => {
    toy = await startToyGateway(placement);
    toy.toys.keys.set(hash('sha256', 'hk_good'), APP);
  });
  afterAll(() => toy.close());

  describe('operations', () => {
    it.each([
      ['one subgraph', '{ echo(text: "hi") }', { echo: 'hi' }],
      [
        'aliases and fragments',
        'query { a: notification(id: "1") { ...F } } fragment F on Notification { x: title }',
        { a: { x: 'hello 1' } },
      ],
      [
        'entities of four subgraphs',
        '{ notification(id: "1") { title opens recipient { name } template { name(upper: true) } } }',
        {
          notification: {
            title: 'hello 1',
            opens: 7,
            recipient: { name: 'User u1' },
            template: { name: 'WELCOME' },
          },
        },
      ],
      [
        'lists with holes',
        '{ notification(id: "1") { copies { name } } }',
        { notification: { copies: [{ name: 'User u2' }, null, { name: 'User u3' }] } },
      ],
      ['two subgraphs at the root', '{ stats echo(text: "x") }', { stats: 1, echo: 'x' }],
      [
        'introspection',
        '{ __schema { queryType { name } } stats }',
        { __schema: { queryType: { name: 'Query' } }, stats: 1 },
      ],
      ['the name of the root type', '{ __typename echo(text: "x") }', { __typename: 'Query', echo: 'x' }],
      [
        'JSON',
        '{ notification(id: "1") { data } }',
        { notification: { data: { nested: { list: [1, 2] } } } },
      ],
    ])('answers %s', async (_name, query, data) => {
      expect(await toy.query(query)).toMatchObject({ status: 200, data, errors: [] });
    });

    it('keeps the order in which the caller asked', async () => {
      const response = await fetch(`${toy.origin}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: '{ notification(id: "1") { opens title id recipient { name id } } }' }),
      });
      expect(await response.text()).toBe(
        '{"data":{"notification":{"opens":7,"title":"hello 1","id":"1","recipient":{"name":"User u1","id":"u1"}}}}\n',
      );
    });

    it('skips and includes by variables', async () => {
      const query =
        'query ($a: Boolean!) { notification(id: "1") { id opens @include(if: $a) recipient @skip(if: $a) { name } } }';
      expect((await toy.query(query, { a: true })).data).toEqual({ notification: { id: '1', opens: 7 } });
      expect((await toy.query(query, { a: false })).data).toEqual({
        notification: { id: '1', recipient: { name: 'User u1' } },
      });
    });

    it('runs mutations', async () => {
      const before = toy.toys.calls.noops;
      const answer = await toy.query('mutation ($input: NoopInput!) { noop(input: $input) { id } }', {
        input: { title: 'a', to: 'b' },
      });
      expect(answer.data).toEqual({ noop: { id: 'n0' } });
      expect(toy.toys.calls.noops).toBe(before + 1);
    });

    it('picks the named operation', async () => {
      const response = await fetch(`${toy.origin}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: 'query A { echo(text: "a") } query B { stats }', operationName: 'B' }),
      });
      expect(await response.json()).toEqual({ data: { stats: 1 } });
    });

    it('answers queries by GET where a header shows that no form sent them', async () => {
      const url = `${toy.origin}/graphql?query=${encodeURIComponent('{ stats }')}`;
      const good = await fetch(url, { headers: { 'apollo-require-preflight': '1' } });
      expect(await good.json()).toEqual({ data: { stats: 1 } });
      expect((await fetch(url)).status).toBe(400);
    });

    it('nulls a reference that leads nowhere and says so', async () => {
      const { data, errors } = await toy.query('{ notification(id: "lost") { id recipient { name } } }');
      expect(data).toEqual({ notification: { id: 'lost', recipient: null } });
      expect(errors).toEqual([
        {
          message: expect.any(String),
          path: ['notification', 'recipient', 'name'],
          extensions: { code: 'NOT_FOUND' },
        },
      ]);
    });
  });

  describe('errors', () => {
    it.each([
      ['a field that is not there', '{ nope }'],
      ['bad syntax', '{'],
      ['a subscription', 'subscription { maybe { id } }'],
      ['no operation of that kind', 'fragment F on Query { stats }'],
      ['a value that its scalar refuses', '{ at(time: "yesterday") }'],
      [
        'too deep an operation',
        `{ notification(id: "1") ${'{ original '.repeat(14)}{ id }${' }'.repeat(14)} }`,
      ],
    ])('%s is BAD_USER_INPUT and 400', async (_name, query) => {
      const { status, errors } = await toy.query(query);
      expect(status).toBe(400);
      expect(errors.length).toBeGreaterThan(0);
      for (const { extensions } of errors) expect(extensions.code).toBe('BAD_USER_INPUT');
    });

    it.each([
      [
        'inside a list',
        'mutation ($in: [NoopInput!]!) { save(inputs: $in) }',
        {
          in: [
            { title: 'a', to: 'b' },
            { title: 1, to: 'b' },
          ],
        },
        ['inputs.1.title'],
      ],
      ['missing', 'mutation ($in: [NoopInput!]!) { save(inputs: $in) }', {}, ['inputs']],
      [
        'inside a literal',
        'mutation ($to: ID!) { noop(input: { title: "a", to: $to }) { id } }',
        { to: [] },
        ['input.to'],
      ],
      ['refused by a scalar', 'query ($t: DateTime!) { at(time: $t) }', { t: 'yesterday' }, ['time']],
      [
        'refused by a scalar of one of two subgraphs',
        'query ($t: DateTime!) { at(time: $t) stats }',
        { t: 'yesterday' },
        ['time'],
      ],
    ])('names the wrong input: %s', async (_name, query, variables, fields) => {
      const { errors } = await toy.query(query, variables);
      expect(errors.map(({ extensions }) => extensions)).toEqual(
        fields.map((field) => ({ code: 'BAD_USER_INPUT', field })),
      );
    });

    it('shows what resolvers mean for the caller', async () => {
      const { data, errors } = await toy.query('{ refused wrongField unreachable }');
      expect(data).toEqual({ refused: null, wrongField: null, unreachable: null });
      expect(errors.map(({ path, extensions }) => [path, extensions])).toEqual([
        [['refused'], { code: 'FORBIDDEN' }],
        [['wrongField'], { code: 'BAD_USER_INPUT', field: 'inputs.3.to.0.user' }],
        [['unreachable'], { code: 'UNAVAILABLE' }],
      ]);
    });

    it('masks bugs, and the id in the answer finds the log line', async () => {
      const answer = await toy.query('{ broken stats }', {}, { 'x-request-id': 'find-me' });
      expect(JSON.stringify(answer)).not.toContain('hunter2');
      expect(answer.data).toEqual({ broken: null, stats: 1 });
      expect(answer.errors).toEqual([
        {
          message: 'Internal error',
          path: ['broken'],
          extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'find-me' },
        },
      ]);
      const logged = toy.lines.filter((line) => JSON.stringify(line).includes('hunter2'));
      expect(logged).toMatchObject([{ level: 'error', requestId: 'find-me' }]);
    });

    it('gives errors inside entities the path in the caller’s document, indexes included', async () => {
      const { errors } = await toy.query('{ n: notification(id: "1") { copies { s: secret } } }');
      expect(errors.map(({ path, extensions }) => [path, extensions])).toEqual([
        [['n', 'copies', 0, 's'], { code: 'FORBIDDEN' }],
        [['n', 'copies', 2, 's'], { code: 'FORBIDDEN' }],
      ]);
    });

    it('nulls up to the next field that may be null', async () => {
      const { data, errors } = await toy.query('{ notification(id: "1") { id recipient { required } } }');
      expect(data).toEqual({ notification: { id: '1', recipient: null } });
      expect(errors[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
    });

    it('refuses a document beyond the token limit', async () => {
      const { status, errors } = await toy.query(`{ ${'a '.repeat(20_001)} }`);
      expect(status).toBe(400);
      expect(errors[0]?.message).toContain('token');
    });
  });

  describe('requests', () => {
    const post = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
      fetch(`${toy.origin}/graphql`, { method: 'POST', headers, body });

    it.each([
      ['bad JSON', '{"query":', 400],
      ['no body', '', 400],
      ['no query', '{"variables":{}}', 400],
      ['a batch', '[{"query":"{ stats }"}]', 400],
      ['an oversized body', JSON.stringify({ query: `{ echo(text: "${'x'.repeat(70_000)}") }` }), 413],
    ])('%s: a GraphQL error and its status', async (_name, body, status) => {
      const response = await post(body);
      expect(response.status).toBe(status);
      expect(await response.json()).toEqual({
        errors: [
          { message: expect.any(String), extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }) },
        ],
      });
    });

    it('keeps forms of other sites out (CSRF)', async () => {
      const response = await post('{"query":"{ stats }"}', { 'content-type': 'text/plain' });
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('CSRF');
    });

    it('takes a GET with credentials: no other site can make a browser send them', async () => {
      const url = `${toy.origin}/graphql?${new URLSearchParams({ query: '{ stats }' })}`;
      const good = await fetch(url, { headers: { authorization: `Bearer ${await toyUserToken()}` } });
      expect(await good.json()).toEqual({ data: { stats: 1 } });
      expect((await fetch(url)).status).toBe(400);
      // A browser does send these by itself, once a person has typed them in.
      const basic = await fetch(url, { headers: { authorization: `Basic ${btoa('a:b')}` } });
      expect(basic.status).toBe(401);
    });

    it('answers with the caller’s request id, or one of its own', async () => {
      const given = await toy.query(
        '{ notification(id: "1") { requestId } }',
        {},
        { 'x-request-id': 'abc-123' },
      );
      expect(given.headers.get('x-request-id')).toBe('abc-123');
      expect(given.data).toEqual({ notification: { requestId: 'abc-123' } });
      const made = await toy.query('{ stats }', {}, { 'x-request-id': 'not valid {}' });
      expect(made.headers.get('x-request-id')).toMatch(UUID);
    });
  });

  describe('authentication', () => {
    const whoami = (authorization?: string) =>
      toy.query('{ whoami }', {}, authorization === undefined ? {} : { authorization });

    it('lets callers without credentials through as nobody', async () => {
      expect((await whoami()).data).toEqual({ whoami: null });
    });
    it('knows the app of a key', async () => {
      expect((await whoami('Bearer hk_good')).data).toEqual({ whoami: APP });
    });
    it('hands names of any script over to the subgraph', async () => {
      const operator: Principal = {
        kind: 'operator',
        workspace: 'default',
        key: 'k',
        name: '王芳 – Zoë',
        root: true,
      };
      toy.toys.keys.set(hash('sha256', 'ho_any'), operator);
      expect((await whoami('Bearer ho_any')).data).toEqual({ whoami: operator });
    });
    it('knows the user of a token', async () => {
      const token = await toyUserToken();
      expect((await whoami(`Bearer ${token}`)).data).toEqual({
        whoami: { kind: 'user', workspace: 'default', user: 'u1', expiresAt: expect.any(Number) },
      });
    });
    it.each([
      ['a scheme that is none', async () => 'Basic aGk6aG8='],
      ['nothing after Bearer', async () => 'Bearer '],
      ['an unknown key', async () => 'Bearer hk_unknown'],
      ['an expired token', async () => `Bearer ${await toyUserToken({ expires: 1_000 })}`],
      [
        'a token of another secret',
        async () => `Bearer ${await toyUserToken({ secret: 'another secret that is long enough too' })}`,
      ],
      [
        'a token without workspace',
        async () => `Bearer ${await toyUserToken({ claims: { ws: undefined } })}`,
      ],
      [
        'a token for another audience',
        async () => `Bearer ${await toyUserToken({ audience: 'herald:console' })}`,
      ],
    ])('%s: 401 UNAUTHENTICATED', async (_name, authorization) => {
      const { status, errors, data, headers } = await whoami(await authorization());
      expect(status).toBe(401);
      expect(data).toBeUndefined();
      expect(errors).toEqual([{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }]);
      expect(headers.get('www-authenticate')).toBe('Bearer');
    });
    it('refuses wrong credentials before it reads the body', async () => {
      const { status } = await toy.query(
        `{ echo(text: "${'x'.repeat(70_000)}") }`,
        {},
        { authorization: 'Bearer hk_unknown2' },
      );
      expect(status).toBe(401);
    });
    it('never takes a failure of the users subgraph for a wrong key', async () => {
      toy.toys.keys.set(hash('sha256', 'hk_later'), APP);
      toy.toys.keyLookupFails = Object.assign(new Error('down'), { name: 'MongoNetworkError' });
      expect(await whoami('Bearer hk_later')).toMatchObject({
        status: 503,
        errors: [{ extensions: { code: 'UNAVAILABLE' } }],
      });
      toy.toys.keyLookupFails = undefined;
      expect((await whoami('Bearer hk_later')).data).toEqual({ whoami: APP });
    });
    it('asks once for a key, and again at once after it was revoked', async () => {
      toy.toys.keys.set(hash('sha256', 'hk_revoked'), APP);
      const before = toy.toys.calls.keyLookups;
      await Promise.all(Array.from({ length: 20 }, () => whoami('Bearer hk_revoked')));
      expect(toy.toys.calls.keyLookups).toBe(before + 1);
      toy.toys.keys.delete(hash('sha256', 'hk_revoked'));
      expect((await whoami('Bearer hk_revoked')).status).toBe(200);
      toy.invalidate({ topic: 'key', key: 'default:key_1' });
      expect((await whoami('Bearer hk_revoked')).status).toBe(401);
    });
    it('does not show the key lookup to callers', async () => {
      const { errors } = await toy.query('{ principalByKeyHash(hash: "x") }');
      expect(errors[0]?.message).toContain('Cannot query field "principalByKeyHash"');
    });
  });
});

describe('starting', () => {
  it('stops with every reason why the subgraphs do not compose', async () => {
    const start = createGateway({
      placement: { kind: 'in-process', subgraphs: toySubgraphs().subgraphs },
      sdls: {
        ...TOY_SDLS,
        users: TOY_SDLS.users.replace('me: User', 'me: Nobody'),
        analytics: TOY_SDLS.analytics.replace('type Query {', 'type Query { echo: Int '),
      },
      jwtSecret: TOY_JWT_SECRET,
      bodyLimitBytes: 1,
      log: memoryLog().log,
      shutdown: { started: false },
    });
    await expect(start).rejects.toThrow(CompositionError);
    await expect(start).rejects.toThrow(/Nobody/);
  });
});
