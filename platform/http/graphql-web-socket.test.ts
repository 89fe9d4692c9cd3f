import { once } from 'node:events';
import { stat } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { attachGraphQLWebSocket } from './graphql-web-socket.ts';

const PING_MS = 50;
const server = createServer();
let sockets: ReturnType<typeof attachGraphQLWebSocket>;
let client: Worker;
let pings = 0;
/** Pings that the client has answered. */
const answered = new Int32Array(new SharedArrayBuffer(4));

beforeAll(async () => {
  sockets = attachGraphQLWebSocket({
    server,
    path: '/graphql',
    protocol: { opened: () => async () => undefined },
    extra: (socket) => {
      const ping = socket.ping.bind(socket);
      socket.ping = () => {
        pings++;
        ping();
      };
    },
    log: pino({ level: 'silent' }),
    maxPayloadBytes: 1_000,
    pingIntervalMs: PING_MS,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  // In a thread of its own, which answers while this one stands still.
  client = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads');
    const { WebSocket } = require('ws');
    const socket = new WebSocket(workerData.url, 'graphql-transport-ws');
    socket.on('ping', () => Atomics.add(workerData.answered, 0, 1));
    socket.on('open', () => parentPort.postMessage('open'));
    socket.on('close', (code) => parentPort.postMessage(code));`,
    {
      eval: true,
      workerData: { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`, answered },
    },
  );
});
afterAll(async () => {
  await client?.terminate();
  await sockets?.close();
  server.close();
});

/** Holds up this thread while it works on what has come: past the next ping's time, and until all pings are answered. */
const standStill = () =>
  new Promise<void>((resolve) => {
    stat('.', () => {
      const end = performance.now() + 3 * PING_MS;
      while (performance.now() < end || Atomics.load(answered, 0) < pings);
      resolve();
    });
  });

test('who has answered a ping stays, also where this process stood still and has not read it', async () => {
  const said: unknown[] = [];
  client.on('message', (message) => said.push(message));
  await expect.poll(() => said).toEqual(['open']);
  while (pings < 5 && said.length === 1) await standStill();
  expect(said).toEqual(['open']);
});
