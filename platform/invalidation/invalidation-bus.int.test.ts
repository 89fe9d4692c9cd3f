import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../../testing/fresh.ts';
import { connectRedis, whenReady } from '../storage/redis.ts';
import { InvalidationBus } from './invalidation-bus.ts';

const silent = pino({ level: 'silent' });
const services = freshDatabase();
const channel = `{${services.namespace}:bus-test}`;

/** A way to Redis on which the connections of one moment can go silent for good, as behind a firewall that forgot them. */
let proxy: Server;
let proxyUrl: string;
const pairs = new Set<readonly [Socket, Socket]>();
beforeAll(async () => {
  const { hostname, port } = new URL(services.redisUrl);
  proxy = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect(Number(port), hostname);
    const pair = [client, server] as const;
    pairs.add(pair);
    client.pipe(server);
    server.pipe(client);
    for (const socket of pair) socket.on('error', () => undefined).on('close', () => pairs.delete(pair));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  proxyUrl = `redis://127.0.0.1:${address.port}`;
});
afterAll(async () => {
  for (const pair of pairs) for (const socket of pair) socket.destroy();
  await new Promise((resolve) => proxy.close(resolve));
});
function silence(): void {
  for (const [client, server] of pairs) {
    client.unpipe(server).pause();
    server.unpipe(client).pause();
  }
}

async function openBus(subscriberUrl = services.redisUrl) {
  const publisher = connectRedis(services.redisUrl, 'commands', silent);
  const subscriber = connectRedis(subscriberUrl, 'subscriber', silent);
  await Promise.all([whenReady(publisher), whenReady(subscriber)]);
  const bus = new InvalidationBus(publisher, subscriber, channel, silent);
  const heard: string[] = [];
  let gaps = 0;
  bus.onInvalidation(
    ({ key }) => heard.push(key),
    () => {
      gaps++;
    },
  );
  expect(bus.live).toBe(false);
  await bus.start();
  return {
    bus,
    heard,
    gaps: () => gaps,
    publisher,
    close: () => {
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}
const until = async (condition: () => boolean, limitMs = 20_000) => {
  const start = performance.now();
  for (;;) {
    // Before the condition is looked at: after a pause of the machine it may just have come true.
    const passedMs = performance.now() - start;
    if (condition()) return;
    if (passedMs > limitMs) throw new Error(`not true within ${limitMs} ms`);
    await setTimeout(5);
  }
};

describe('InvalidationBus', () => {
  it('tells this process at once and once, the others soon', async () => {
    const [a, b] = await Promise.all([openBus(), openBus()]);
    const told = a.bus.invalidate({ topic: 'user', key: 'w:1' }, { topic: 'route', key: 'w:2' });
    expect(a.heard).toEqual(['w:1', 'w:2']);
    await told;
    await until(() => b.heard.length >= 2);
    expect(b.heard.slice(0, 2)).toEqual(['w:1', 'w:2']);
    // Redis keeps the order: when this is heard, an echo of those would have been.
    await b.bus.invalidate({ topic: 'user', key: 'w:3' });
    await until(() => a.heard.length >= 3);
    expect(a.heard.slice(0, 3)).toEqual(['w:1', 'w:2', 'w:3']);
    await until(() => a.bus.live && b.bus.live);
    a.close();
    b.close();
  });

  it('says to forget everything when it could not say what', async () => {
    const [a, b] = await Promise.all([openBus(), openBus()]);
    const before = b.gaps();
    a.publisher.disconnect();
    await until(() => a.publisher.status === 'end');
    await a.bus.invalidate(
      ...Array.from({ length: 10_001 }, (_, i) => ({ topic: 'user' as const, key: `w:${i}` })),
    );
    expect(b.heard).toEqual([]);
    await a.publisher.connect();
    await until(() => b.gaps() > before);
    expect(b.heard).toEqual([]);
    a.close();
    b.close();
  });

  it('is not live within 3 s on a connection that went silent, and opens another one', async () => {
    const [a, b] = await Promise.all([openBus(), openBus(proxyUrl)]);
    silence();
    await until(() => !b.bus.live, 3_100);
    await a.bus.invalidate({ topic: 'user', key: 'missed' });
    const before = b.gaps();
    await until(() => b.bus.live);
    expect(b.gaps()).toBeGreaterThan(before);
    expect(b.heard).toEqual([]);
    await a.bus.invalidate({ topic: 'user', key: 'heard' });
    await until(() => b.heard.length >= 1);
    a.close();
    b.close();
  });
});
