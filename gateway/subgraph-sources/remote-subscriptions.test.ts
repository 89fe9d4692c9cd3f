import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { memoryLog } from '../testing/memory-log.ts';
import { RemoteSubscriptions } from './remote-subscriptions.ts';

const servers: WebSocketServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    for (const socket of server.clients) socket.terminate();
    server.close();
  }
});

/** A subgraph's socket of which the test decides what it says. */
async function fakeSubgraph(
  answer: (socket: WebSocket, message: { type: string; id?: string }) => void,
  pings: { readonly pingIntervalMs?: number; readonly pongTimeoutMs?: number } = {},
) {
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    handleProtocols: () => 'graphql-transport-ws',
  });
  servers.push(server);
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (message.type === 'connection_init') socket.send('{"type":"connection_ack"}');
      else answer(socket, message);
    });
  });
  await once(server, 'listening');
  const { log, lines } = memoryLog();
  const subscriptions = new RemoteSubscriptions({
    name: 'notifications',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    connectionParams: { gatewaySecret: 'secret' },
    extensions: () => undefined,
    log,
    ...pings,
  });
  const stream = subscriptions.subscribe({ query: 'subscription { x }' }, { requestId: 'r1' });
  return { stream, lines };
}

it('takes a subgraph that answers no pings for lost', async () => {
  const { stream, lines } = await fakeSubgraph(() => undefined, { pingIntervalMs: 30, pongTimeoutMs: 30 });
  expect(await stream.next()).toMatchObject({ value: { errors: [{ extensions: { code: 'UNAVAILABLE' } }] } });
  expect(await stream.next()).toEqual({ value: undefined, done: true });
  expect(lines).toMatchObject([{ level: 'warn', subgraph: 'notifications', requestId: 'r1' }]);
});

it('keeps one that answers them', async () => {
  const pongTimeoutMs = 1_500;
  const { stream } = await fakeSubgraph(
    (socket, message) => {
      if (message.type === 'ping') socket.send('{"type":"pong"}');
      else if (message.type === 'subscribe')
        setTimeout(
          () => socket.send(JSON.stringify({ type: 'next', id: message.id, payload: { data: { x: 1 } } })),
          pongTimeoutMs + 500,
        );
    },
    { pingIntervalMs: 50, pongTimeoutMs },
  );
  expect(await stream.next()).toEqual({ value: { data: { x: 1 } }, done: false });
});

it.each([
  ['dies', (socket: WebSocket) => socket.terminate()],
  ['closes as if all were well', (socket: WebSocket) => socket.close(1001)],
  [
    'sends nonsense',
    (socket: WebSocket, id: string) =>
      socket.send(JSON.stringify({ type: 'next', id, payload: { data: 7 } })),
  ],
])('a subgraph that %s gives UNAVAILABLE', async (_name, act) => {
  const { stream } = await fakeSubgraph((socket, { type, id = '' }) => {
    if (type === 'subscribe') act(socket, id);
  });
  expect(await stream.next()).toMatchObject({ value: { errors: [{ extensions: { code: 'UNAVAILABLE' } }] } });
  expect((await stream.next()).done).toBe(true);
});

it('passes on what the subgraph refuses', async () => {
  const { stream } = await fakeSubgraph((socket, { type, id }) => {
    if (type === 'subscribe')
      socket.send(
        JSON.stringify({
          type: 'error',
          id,
          payload: [{ message: 'no', extensions: { code: 'FORBIDDEN' } }],
        }),
      );
  });
  expect(await stream.next()).toMatchObject({
    value: { errors: [{ message: 'no', extensions: { code: 'FORBIDDEN' } }] },
  });
  expect((await stream.next()).done).toBe(true);
});

it('tells the subgraph when the reader leaves', async () => {
  const left = Promise.withResolvers<string | undefined>();
  const subscribed = Promise.withResolvers<string | undefined>();
  const { stream } = await fakeSubgraph((_socket, { type, id }) => {
    if (type === 'subscribe') subscribed.resolve(id);
    if (type === 'complete') left.resolve(id);
  });
  const id = await subscribed.promise;
  await stream.return(undefined);
  expect(await left.promise).toBe(id);
});
