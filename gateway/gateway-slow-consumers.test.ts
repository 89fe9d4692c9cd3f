import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startToyGateway, until } from './testing/toy-gateway.ts';
import { toyNotification } from './testing/toy-subgraphs.ts';

const STALLED = 500;
const EVENTS = 150;
const TITLE_BYTES = 20_000;
const WAITING_BYTES = 256 * 1024;
const QUERY = 'subscription { notificationReceived { id title } }';

/** A client's frame: masked, as RFC 6455 wants it (with zeros). */
function frame(message: unknown): Buffer {
  const payload = Buffer.from(JSON.stringify(message));
  if (payload.length > 125) throw new Error('too long');
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

/** A client that subscribes and then reads nothing more; without a WebSocket library, which would take memory itself. */
async function stalledClient(path: string): Promise<Socket> {
  const socket = connect(path);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(
    'GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n',
  );
  await once(socket, 'data');
  const acknowledged = once(socket, 'data');
  socket.write(frame({ type: 'connection_init' }));
  await acknowledged;
  socket.pause();
  socket.write(frame({ id: '1', type: 'subscribe', payload: { query: QUERY } }));
  return socket;
}

it('500 stalled sockets: the others get all, and memory stays flat', { timeout: 120_000 }, async () => {
  // Events differ a little from each other, so that each has a frame of its own.
  const toy = await startToyGateway('in-process', {
    maxSubscriberBuffer: 1_000,
    // No ping may cut them off first.
    webSocket: { waitingBytes: WAITING_BYTES, pingIntervalMs: 600_000 },
  });
  onTestFinished(() => toy.close());
  // For a TCP connection on loopback the kernel keeps up to 4 MB, which would be 2 GB here; for these 0.2 MB.
  const folder = await mkdtemp(join(tmpdir(), 'herald-slow-'));
  const path = join(folder, 'socket');
  const door = createServer((socket) => toy.gateway.app.server.emit('connection', socket)).listen(path);
  await once(door, 'listening');
  const stalled: Socket[] = [];
  onTestFinished(async () => {
    for (const socket of stalled) socket.destroy();
    door.close();
    await rm(folder, { recursive: true });
  });
  while (stalled.length < STALLED)
    stalled.push(...(await Promise.all(Array.from({ length: 50 }, () => stalledClient(path)))));

  const readers = 20;
  const seen = Array.from({ length: readers }, () => [] as unknown[]);
  const codes: unknown[] = [];
  for (const ids of seen)
    toy.client().subscribe<{ notificationReceived: { id: string } }>(
      { query: QUERY },
      {
        next: ({ data, errors }) => {
          if (errors) codes.push(errors);
          else ids.push(data?.notificationReceived.id);
        },
        error: (error) => codes.push(error),
        complete: () => undefined,
      },
    );
  const metric = async (name: string) => {
    const text = await fetch(`${toy.origin}/metrics`).then((response) => response.text());
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
  };
  const subscriptions = () => metric('herald_live_subscriptions');
  const untilSubscriptions = async (count: number) => {
    const end = Date.now() + 20_000;
    while ((await subscriptions()) !== count) {
      if (Date.now() > end) throw new Error(`${await subscriptions()} subscriptions, not ${count}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await untilSubscriptions(STALLED + readers);

  const before = process.memoryUsage().rss;
  let highest = 0;
  for (let n = 0; n < EVENTS; n++) {
    toy.toys.events.publish({ ...toyNotification(`n${n}`), title: `${n}`.padEnd(TITLE_BYTES, 'x') });
    await until(() => seen.every((ids) => ids.length > n));
    highest = Math.max(highest, process.memoryUsage().rss);
  }
  const expected = Array.from({ length: EVENTS }, (_, n) => `n${n}`);
  for (const ids of seen) expect(ids).toEqual(expected);
  expect(codes).toEqual([]);
  // Each of the stalled ones was cut off; what all of them asked for would be STALLED × EVENTS × TITLE_BYTES = 1.5 GB.
  await untilSubscriptions(readers);
  expect(await metric('herald_live_slow_consumers_total')).toBe(STALLED);
  expect(toy.gateway.topics).toBe(1);
  const grownMb = (highest - before) / 1024 / 1024;
  console.log(`memory grew by at most ${grownMb.toFixed(0)} MB`);
  expect(grownMb).toBeLessThan(250);
});
