/** What MongoDB and Redis connections do on a link that swallows everything, and once it is back. */
import { pino } from 'pino';
import { describe, test } from 'vitest';
import { type LinkProxy, startProxy } from '../../faults/links/tcp-proxy.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { isDataServiceError } from '../errors/data-service-errors.ts';
import { connectMongo, DURABLE } from './mongo.ts';
import { connectRedis, whenReady } from './redis.ts';

const database = freshDatabase();
const silent = pino({ level: 'silent' });

/** Through another port: told to connect directly, the driver keeps to it. */
function through(url: string, port: number): string {
  const changed = new URL(url);
  changed.port = String(port);
  if (changed.protocol === 'mongodb:') changed.search = '?directConnection=true';
  return changed.href;
}

async function failureOf(work: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const at = performance.now();
  try {
    await work;
    return { error: undefined, ms: performance.now() - at };
  } catch (error) {
    return { error, ms: performance.now() - at };
  }
}

// Each on a link of its own: all they do is wait.
describe.concurrent('Redis', () => {
  async function openLink(): Promise<{ readonly link: LinkProxy; readonly url: string }> {
    const link = await startProxy(Number(new URL(database.redisUrl).port));
    return { link, url: through(database.redisUrl, link.port) };
  }

  test('a command is given up soon, then at once, and works again when the link is back', async ({
    expect,
  }) => {
    const { link, url } = await openLink();
    const redis = connectRedis(url, 'commands', silent);
    await whenReady(redis);
    link.blackHole();
    const first = await failureOf(redis.get('x'));
    expect(isDataServiceError(first.error)).toBe(true);
    expect(first.ms).toBeLessThan(10_000);
    await expect.poll(() => redis.status).not.toBe('ready');
    const known = await failureOf(redis.get('x'));
    expect(isDataServiceError(known.error)).toBe(true);
    // Not asked, so not waited for.
    expect(String(known.error)).toMatch(/isn't writeable/);
    await link.restore('lost');
    await expect.poll(() => redis.get('x').catch(() => 'not yet')).toBeNull();
    redis.disconnect();
    await link.close();
  });

  test('a subscriber notices, and hears again when the link is back', async ({ expect }) => {
    const { link, url } = await openLink();
    const subscriber = connectRedis(url, 'subscriber', silent);
    const publisher = connectRedis(database.redisUrl, 'commands', silent);
    await Promise.all([whenReady(subscriber), whenReady(publisher)]);
    const channel = `${database.namespace}:dead-links`;
    let heard = 0;
    subscriber.on('message', () => {
      heard += 1;
    });
    await subscriber.subscribe(channel);
    link.blackHole();
    await expect.poll(() => subscriber.status).not.toBe('ready');
    await link.restore('lost');
    await expect
      .poll(async () => {
        await publisher.publish(channel, 'x');
        return heard;
      })
      .toBeGreaterThan(0);
    subscriber.disconnect();
    publisher.disconnect();
    await link.close();
  });
});

describe.concurrent('MongoDB', () => {
  test('a write fails within seconds, and works when the link is back', async ({ expect }) => {
    const link = await startProxy(Number(new URL(database.mongodbUri).port));
    let closing = false;
    const connection = await connectMongo(through(database.mongodbUri, link.port), silent, () => closing);
    const write = () => connection.collection('links').insertMany([{ x: 1 }], { ordered: false, ...DURABLE });
    await write();
    link.blackHole();
    const first = await failureOf(write());
    expect(isDataServiceError(first.error)).toBe(true);
    expect(first.ms).toBeLessThan(20_000);
    await link.restore('lost');
    await expect
      .poll(() =>
        write().then(
          () => 'written',
          () => 'not yet',
        ),
      )
      .toBe('written');
    closing = true;
    await connection.close(true);
    await link.close();
  });
});
