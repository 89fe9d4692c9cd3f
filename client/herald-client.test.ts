/** Against servers that speak the real protocols, over real sockets. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema, GraphQLError } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { graphUrl } from './herald-client.ts';
import { HeraldClient, HeraldConnectionError, HeraldRequestError } from './index.ts';

test.each([
  ['http://localhost:4000', 'http://localhost:4000/graphql'],
  ['http://localhost:4000/', 'http://localhost:4000/graphql'],
  ['https://example.com/herald', 'https://example.com/herald/graphql'],
  ['https://example.com/herald/graphql', 'https://example.com/herald/graphql'],
])('graphUrl(%s)', (url, graph) => {
  expect(graphUrl(url).href).toBe(graph);
});

describe('request and send', () => {
  let server: Server;
  let url: string;
  let answer: (request: IncomingMessage, body: string, response: ServerResponse) => void;
  beforeEach(async () => {
    server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      answer(request, body, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const json =
    (value: unknown, status = 200) =>
    (_: IncomingMessage, __: string, response: ServerResponse) =>
      response
        .writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req-7' })
        .end(JSON.stringify(value));

  test('send gives the input and the credentials, and takes the id', async () => {
    let seen: unknown;
    answer = (request, body, response) => {
      seen = { path: request.url, authorization: request.headers.authorization, body: JSON.parse(body) };
      json({
        data: { sendNotification: { deduplicated: true, notification: { id: 'ntf_1', state: 'ACCEPTED' } } },
      })(request, body, response);
    };
    const client = new HeraldClient({ url, apiKey: 'hk_1' });
    const input = { content: { body: 'Hi' }, to: [{ user: 'ada' }] };
    expect(await client.send(input)).toEqual({ id: 'ntf_1', state: 'ACCEPTED', deduplicated: true });
    expect(seen).toMatchObject({
      path: '/graphql',
      authorization: 'Bearer hk_1',
      body: { variables: { input } },
    });
  });

  test.each([200, 400, 401, 429])('errors of an answer with status %i are told by code', async (status) => {
    answer = json(
      {
        errors: [
          {
            message: 'There is no user "u9".',
            extensions: { code: 'BAD_USER_INPUT', field: 'input.to.0.user', retryAfterMs: 1500 },
          },
        ],
      },
      status,
    );
    const error: unknown = await new HeraldClient({ url, apiKey: 'k' }).send({}).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(HeraldRequestError);
    expect(error).toMatchObject({
      message: 'There is no user "u9".',
      code: 'BAD_USER_INPUT',
      field: 'input.to.0.user',
      retryAfterMs: 1500,
      requestId: 'req-7',
    });
  });

  test('what is no GraphQL server is told with its status', async () => {
    answer = (_, __, response) => response.writeHead(502).end('<html>Bad gateway</html>');
    await expect(new HeraldClient({ url, apiKey: 'k' }).request('{ a }')).rejects.toThrow(
      new HeraldConnectionError(`${url}/graphql answered 502, and not as a GraphQL server.`),
    );
  });

  test('silence ends with the time-out', async () => {
    answer = () => undefined;
    await expect(new HeraldClient({ url, apiKey: 'k', timeoutMs: 200 }).request('{ a }')).rejects.toThrow(
      new HeraldConnectionError(`Herald at ${url} did not answer within 200 ms.`),
    );
  });

  test('the caller can give up', async () => {
    answer = () => undefined;
    const abort = new AbortController();
    const request = new HeraldClient({ url, apiKey: 'k' }).request('{ a }', {}, { signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(request).rejects.toThrow('enough');
  });

  test('nobody there is told with the reason', async () => {
    await expect(
      new HeraldClient({ url: 'http://127.0.0.1:1', apiKey: 'k' }).request('{ a }'),
    ).rejects.toThrow(/^Herald at http:\/\/127\.0\.0\.1:1 cannot be reached: .*(ECONNREFUSED|bad port)/);
  });
});

describe('subscribe', () => {
  const schema = buildSchema('type Query { a: Int } type Subscription { count(from: Int!): Int }');
  let server: Server;
  let sockets: WebSocketServer;
  let port: number;
  let running: number;
  const listen = async (wanted: number) => {
    server = createServer();
    sockets = new WebSocketServer({ server, path: '/graphql' });
    useServer<{ authorization?: string }>(
      {
        schema,
        onConnect: ({ connectionParams }) => connectionParams?.authorization === 'Bearer right',
        roots: {
          subscription: {
            async *count({ from }: { from: number }) {
              running += 1;
              try {
                for (let n = from; ; n++) {
                  if (n === 5) return;
                  if (n === 100)
                    throw new GraphQLError('Too large', { extensions: { code: 'BAD_USER_INPUT' } });
                  yield { count: n };
                  await new Promise((resolve) => setTimeout(resolve, from === 50 ? 30 : 5));
                }
              } finally {
                running -= 1;
              }
            },
          },
        },
      },
      sockets,
    );
    await new Promise<void>((resolve) => server.listen(wanted, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  };
  const cut = async () => {
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
    await new Promise((resolve) => server.close(resolve));
  };
  beforeEach(async () => {
    running = 0;
    await listen(0);
  });
  afterEach(cut);
  const client = (apiKey = 'right') => new HeraldClient({ url: `http://127.0.0.1:${port}`, apiKey });
  const COUNT = 'subscription ($from: Int!) { count(from: $from) }';

  test('every event, in order, until the operation ends', async () => {
    const seen: number[] = [];
    for await (const { count } of client().subscribe<{ count: number }>(COUNT, { from: 1 })) seen.push(count);
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  test('leaving the loop ends it at the server', async () => {
    for await (const { count } of client().subscribe<{ count: number }>(COUNT, { from: 50 }))
      if (count === 51) break;
    await expect.poll(() => running).toBe(0);
  });

  test('signal and close() end it, while it waits too', async () => {
    const abort = new AbortController();
    const one = client();
    const iterations = [
      one.subscribe<{ count: number }>(COUNT, { from: 50 }, { signal: abort.signal }),
      one.subscribe<{ count: number }>(COUNT, { from: 50 }),
    ];
    for (const iteration of iterations) expect((await iteration.next()).value).toEqual({ count: 50 });
    const pending = iterations.map((iteration) =>
      iteration
        .next()
        .then(() => iteration.next())
        .then(() => iteration.next()),
    );
    abort.abort();
    one.close();
    for (const next of await Promise.all(pending)) expect(next.done).toBe(true);
    await expect.poll(() => running).toBe(0);
  });

  test('close() ends one that has never reached a server', async () => {
    const one = new HeraldClient({ url: 'http://127.0.0.1:9', apiKey: 'k' });
    const next = one.subscribe(COUNT, { from: 1 }).next();
    await new Promise((resolve) => setTimeout(resolve, 50));
    one.close();
    expect((await next).done).toBe(true);
  });

  test.each([
    ['an event that is an error', COUNT, 'right', { from: 100 }, 'BAD_USER_INPUT'],
    ['wrong credentials', COUNT, 'wrong', { from: 1 }, 'UNAUTHENTICATED'],
    ['a wrong operation', 'subscription { nonsense }', 'right', {}, 'UNKNOWN'],
  ])('%s', async (_, query, apiKey, variables, code) => {
    const error: unknown = await client(apiKey)
      .subscribe(query, variables)
      .next()
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(HeraldRequestError);
    expect(error).toMatchObject({ code });
  });

  test('a lost server is found again, and both are told', async () => {
    const statuses: string[] = [];
    const iteration = client().subscribe<{ count: number }>(
      COUNT,
      { from: 50 },
      { onStatus: (s) => statuses.push(s) },
    );
    await iteration.next();
    const { port: same } = server.address() as AddressInfo;
    await cut();
    await expect.poll(() => statuses).toContain('reconnecting');
    await listen(same);
    const before = statuses.filter((s) => s === 'connected').length;
    let last = 0;
    await vi.waitFor(
      async () => {
        last = ((await iteration.next()).value as { count: number }).count;
        expect(statuses.filter((s) => s === 'connected').length).toBeGreaterThan(before);
      },
      { timeout: 20_000 },
    );
    expect(last).toBeGreaterThanOrEqual(50);
    await iteration.return();
  });
});
