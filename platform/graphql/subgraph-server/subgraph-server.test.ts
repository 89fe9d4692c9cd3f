import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { memoryLog } from '../../../gateway/testing/memory-log.ts';
import { toySubgraphs } from '../../../gateway/testing/toy-subgraphs.ts';
import { encodePrincipal, GATEWAY_SECRET_HEADER, PRINCIPAL_HEADER } from '../subgraph-protocol.ts';
import { createSubgraphServer, type SubgraphServer } from './subgraph-server.ts';

/** What the tests look into of an answer. */
interface Body {
  readonly data: { readonly _service: { readonly sdl: string } };
  readonly errors: readonly unknown[];
}

const SECRET = 'the right secret, long enough';
let server: SubgraphServer;
let url: string;
const problems: string[] = [];
const shutdown = { started: false };

beforeAll(async () => {
  const [subgraph] = toySubgraphs().subgraphs;
  if (!subgraph) throw new Error('no subgraph');
  server = createSubgraphServer({
    subgraph,
    gatewaySecret: SECRET,
    log: memoryLog().log,
    shutdown,
    problems: async () => problems,
    bodyLimitBytes: 10_000,
  });
  url = await server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => server.close());

const post = async (body: string, headers: Record<string, string> = { [GATEWAY_SECRET_HEADER]: SECRET }) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return [response.status, (await response.json()) as Body] as const;
};
const query = (text: string, headers?: Record<string, string>) =>
  post(JSON.stringify({ query: text }), { [GATEWAY_SECRET_HEADER]: SECRET, ...headers });

describe('a subgraph over HTTP', () => {
  it.each([
    ['no secret', {}],
    ['a wrong secret', { [GATEWAY_SECRET_HEADER]: 'the wrong secret, long enough' }],
    ['an empty secret', { [GATEWAY_SECRET_HEADER]: '' }],
    ['a beginning of the secret', { [GATEWAY_SECRET_HEADER]: SECRET.slice(0, -1) }],
  ])('answers 401 to %s', async (_name, headers) => {
    const principal = {
      [PRINCIPAL_HEADER]: encodePrincipal({
        kind: 'app',
        workspace: 'w',
        app: 'a',
        key: 'k',
        ratePerSecond: 1000,
      }),
    };
    expect(await post('{"query":"{ whoami }"}', { ...headers, ...principal })).toEqual([
      401,
      { errors: [{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }] },
    ]);
  });

  it('shows its schema to the gateway', async () => {
    const [status, body] = await query('{ _service { sdl } }');
    expect([status, body.data._service.sdl]).toEqual([200, expect.stringContaining('type Notification')]);
  });

  it('resolves as the principal that the gateway names, under its request id', async () => {
    const operator = { kind: 'operator', workspace: 'w', key: 'k', name: '王芳', root: false } as const;
    const headers = { [PRINCIPAL_HEADER]: encodePrincipal(operator), 'x-request-id': 'r-1' };
    expect(await query('{ whoami notification(id: "1") { requestId } }', headers)).toEqual([
      200,
      { data: { whoami: operator, notification: { requestId: 'r-1' } } },
    ]);
    expect(await query('{ whoami }')).toEqual([200, { data: { whoami: null } }]);
  });

  it.each([
    ['bad JSON', '{', 400],
    ['a body that is no request', '{"query":7}', 400],
    ['an oversized body', JSON.stringify({ query: 'x'.repeat(10_000) }), 413],
  ])('%s is a GraphQL error', async (_name, body, status) => {
    expect(await post(body)).toEqual([
      status,
      { errors: [{ message: expect.any(String), extensions: { code: 'BAD_USER_INPUT' } }] },
    ]);
  });

  it.each(['e30', '%%%', Buffer.from('{"kind":"root"}').toString('base64url')])(
    'refuses a principal that is none: %s',
    async (header) => {
      expect(await query('{ whoami }', { [PRINCIPAL_HEADER]: header })).toMatchObject([
        400,
        { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] },
      ]);
    },
  );

  it('masks bugs', async () => {
    const [, body] = await query('{ broken }', { 'x-request-id': 'r-2' });
    expect(body.errors).toEqual([
      expect.objectContaining({
        message: 'Internal error',
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'r-2' },
      }),
    ]);
  });
});

describe('a subgraph over WebSocket', () => {
  it.each([undefined, {}, { gatewaySecret: 'wrong' }, { gatewaySecret: 7 }])(
    'closes with 4403 for %o',
    async (payload) => {
      const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
      await once(socket, 'open');
      socket.send(JSON.stringify({ type: 'connection_init', payload }));
      const [code] = await once(socket, 'close');
      expect(code).toBe(4403);
    },
  );

  it('answers each message as the principal that it names', async () => {
    const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
    const messages: { type: string; id?: string; payload?: unknown }[] = [];
    socket.on('message', (data) => messages.push(JSON.parse(String(data))));
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init', payload: { gatewaySecret: SECRET } }));
    const user = (id: string) => ({ kind: 'user', workspace: 'w', user: id, expiresAt: 1 });
    while (messages.length === 0) await once(socket, 'message');
    for (const id of ['u1', 'u2'])
      socket.send(
        JSON.stringify({
          type: 'subscribe',
          id,
          payload: { query: '{ whoami }', extensions: { principal: user(id) } },
        }),
      );
    while (messages.length < 5) await once(socket, 'message');
    for (const id of ['u1', 'u2'])
      expect(messages).toContainEqual({ type: 'next', id, payload: { data: { whoami: user(id) } } });
    socket.send(
      JSON.stringify({
        type: 'subscribe',
        id: '3',
        payload: { query: '{ whoami }', extensions: { principal: { kind: 'root' } } },
      }),
    );
    while (messages.length < 6) await once(socket, 'message');
    expect(messages[5]).toMatchObject({
      type: 'error',
      id: '3',
      payload: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
    socket.terminate();
  });
});

describe('health', () => {
  const get = async (path: string) => {
    const response = await fetch(new URL(path, url));
    return [response.status, await response.json()];
  };
  it('needs no secret and tells what is wrong', async () => {
    expect(await get('/healthz')).toEqual([200, { alive: true }]);
    expect(await get('/readyz')).toEqual([200, { ready: true, problems: [] }]);
    problems.push('MongoDB is not connected');
    expect(await get('/readyz')).toEqual([503, { ready: false, problems: ['MongoDB is not connected'] }]);
    problems.length = 0;
    shutdown.started = true;
    expect(await get('/readyz')).toEqual([503, { ready: false, problems: ['shutting down'] }]);
    expect(await get('/healthz')).toEqual([200, { alive: true }]);
    shutdown.started = false;
  });
});
