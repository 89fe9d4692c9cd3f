import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabase } from '../../testing/fresh.ts';
import { redisNames } from '../names/redis-names.ts';
import { connectRedis, whenReady } from '../storage/redis.ts';
import { PresenceKeeper } from './presence-keeper.ts';
import { PresenceReader } from './presence-reader.ts';

const silent = pino({ level: 'silent' });
const services = freshDatabase();
const names = redisNames(services.namespace);
const connections: Redis[] = [];
const keepers: PresenceKeeper[] = [];
let reader: PresenceReader;

async function connect(): Promise<Redis> {
  const redis = connectRedis(services.redisUrl, 'commands', silent);
  connections.push(redis);
  await whenReady(redis);
  return redis;
}

/** What a process of the notifications subgraph has. */
async function openProcess(times: { refreshMs?: number; holdsMs?: number } = {}) {
  const redis = await connect();
  const present: string[] = [];
  const keeper = new PresenceKeeper({
    redis,
    names,
    onPresent: (_, user) => present.push(user),
    log: silent,
    ...times,
  });
  keepers.push(keeper);
  return { redis, keeper, present, crash: () => redis.disconnect() };
}

beforeAll(async () => {
  reader = new PresenceReader(await connect(), names, silent);
});
afterAll(async () => {
  for (const keeper of keepers) await keeper.close();
  for (const redis of connections) redis.disconnect();
});

const isOnline = async (user: string, workspace = 'default') =>
  (await reader.online(workspace, [user])).has(user);
async function becomes(user: string, online: boolean, withinMs = 20_000): Promise<void> {
  for (const end = Date.now() + withinMs; (await isOnline(user)) !== online; await sleep(20))
    if (Date.now() > end) throw new Error(`${user} is still ${online ? 'offline' : 'online'}`);
}

describe('a user', () => {
  it('is online while a page of theirs is open in any process', async () => {
    const [a, b] = await Promise.all([openProcess(), openProcess()]);
    expect(await isOnline('ann')).toBe(false);
    const pages = [
      a.keeper.enter('default', 'ann'),
      a.keeper.enter('default', 'ann'),
      b.keeper.enter('default', 'ann'),
    ];
    await becomes('ann', true);
    expect(await isOnline('ann', 'elsewhere')).toBe(false);
    for (const leave of pages.slice(0, 2)) {
      leave();
      leave();
    }
    await a.keeper.close();
    expect(await isOnline('ann')).toBe(true);
    pages[2]?.();
    await becomes('ann', false);
    expect([a.keeper.size, b.keeper.size]).toEqual([0, 0]);
    expect(await a.redis.exists(names.presence('default', 'ann'))).toBe(0);
  });

  it('stays online longer than one word of it holds', async () => {
    const { redis, keeper, present } = await openProcess({ refreshMs: 100, holdsMs: 60_000 });
    /** When it runs out: between these two. */
    const runsOut = async (): Promise<[number, number]> => {
      const asked = performance.now();
      const leftMs = await redis.pttl(names.presence('default', 'bob'));
      return [asked + leftMs, performance.now() + leftMs];
    };
    const leave = keeper.enter('default', 'bob');
    await becomes('bob', true);
    for (let words = 0; words < 3; words++) {
      const [, latest] = await runsOut();
      // By more than Redis rounds to.
      await expect.poll(async () => (await runsOut())[0]).toBeGreaterThan(latest + 20);
    }
    expect(await isOnline('bob')).toBe(true);
    expect(present.length).toBeGreaterThan(3);
    leave();
    await becomes('bob', false);
  });

  it('of a process that crashed goes offline by itself', async () => {
    const { keeper, crash } = await openProcess({ refreshMs: 100, holdsMs: 600 });
    keeper.enter('default', 'cid');
    await becomes('cid', true);
    crash();
    await becomes('cid', false);
  });

  it('goes offline at once with the last page, although a process of theirs has crashed before', async () => {
    const crashed = await openProcess();
    crashed.keeper.enter('default', 'dan');
    await becomes('dan', true);
    crashed.crash();
    const other = await openProcess({ refreshMs: 100, holdsMs: 4_000 });
    const leave = other.keeper.enter('default', 'dan');
    await sleep(4_300);
    expect(await isOnline('dan')).toBe(true);
    leave();
    // Sooner than what was said of them last would run out.
    await becomes('dan', false, 3_000);
  });

  it('who leaves and comes back in the same moment is online', async () => {
    const { keeper } = await openProcess();
    for (let i = 0; i < 20; i++) {
      keeper.enter('default', 'eve')();
      await sleep(i % 3);
    }
    const leave = keeper.enter('default', 'eve');
    await becomes('eve', true);
    await sleep(50);
    expect(await isOnline('eve')).toBe(true);
    leave();
    await becomes('eve', false);
  });
});

it('thousands are told in few round trips, and asked for in one', async () => {
  const { keeper, redis } = await openProcess();
  const users = Array.from({ length: 5_000 }, (_, i) => `many-${i}`);
  let sent = 0;
  const pipeline = redis.pipeline.bind(redis);
  redis.pipeline = (...args) => {
    sent += 1;
    return pipeline(...args);
  };
  const leaves = users.map((user) => keeper.enter('default', user));
  await becomes('many-4999', true);
  expect(sent).toBe(10);
  const online = await reader.online('default', [...users.slice(0, 500), 'nobody', 'nobody']);
  expect(online.size).toBe(500);
  for (const leave of leaves) leave();
  await becomes('many-4999', false);
});

it('while Redis is away nobody is online, which is said once; nobody is held up', async () => {
  const said: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void said.push(line) });
  const redis = await connect();
  const away = new PresenceReader(redis, names, log);
  const { keeper } = await openProcess();
  const leave = keeper.enter('default', 'fay');
  await becomes('fay', true);
  expect((await away.online('default', ['fay'])).size).toBe(1);
  redis.disconnect();
  const started = performance.now();
  for (let i = 0; i < 10; i++) expect(await away.online('default', ['fay'])).toEqual(new Set());
  // Ten commands that are given up would take longer.
  expect(performance.now() - started).toBeLessThan(20_000);
  expect(said).toHaveLength(1);
  if (redis.status !== 'end') await once(redis, 'end');
  await redis.connect();
  await expect.poll(async () => (await away.online('default', ['fay'])).size).toBe(1);
  leave();
});
