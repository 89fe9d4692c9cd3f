/** What other rooms get of users is what was stored last, whichever process stored it. */
import { setImmediate, setTimeout } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../platform/auth/principal.ts';
import { SubgraphExecutor } from '../../platform/graphql/subgraph-executor.ts';
import { InvalidationBus } from '../../platform/invalidation/invalidation-bus.ts';
import { connectMongo } from '../../platform/storage/mongo.ts';
import { connectRedis, whenReady } from '../../platform/storage/redis.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { createUsersSubgraph } from './index.ts';

const silent = pino({ level: 'silent' });
const services = freshDatabase();
const WORKSPACE = 'default';
const operator: Principal = { kind: 'operator', workspace: WORKSPACE, key: 'k', name: 'Op', root: true };
const userPrincipal = (user: string): Principal => ({
  kind: 'user',
  workspace: WORKSPACE,
  user,
  expiresAt: Math.floor(Date.now() / 1000) + 60,
});

/** What a process has: its own connections, bus and caches. Counts its queries. */
async function openProcess(channel = `{${services.namespace}:cache-test}`) {
  const connection = await connectMongo(services.mongodbUri, silent);
  const publisher = connectRedis(services.redisUrl, 'commands', silent);
  const subscriber = connectRedis(services.redisUrl, 'subscriber', silent);
  await Promise.all([publisher, subscriber].map((redis) => whenReady(redis)));
  const bus = new InvalidationBus(publisher, subscriber, channel, silent);
  await bus.start();
  const { service, subgraph } = await createUsersSubgraph({
    connection,
    bus,
    log: silent,
    jwtSecret: 'a-secret-of-at-least-32-characters!',
    vapidPublicKey: 'v',
  });
  const executor = new SubgraphExecutor(subgraph.schema, silent);
  const run = async (query: string, variables: Record<string, unknown>, principal: Principal = operator) => {
    const { errors } = await executor.execute({ query, variables }, { requestId: 'test', principal });
    expect(errors).toBeUndefined();
  };
  return {
    service,
    bus,
    publisher,
    subscriber,
    upsert: (...users: { id: string; name?: string; groups?: string[] }[]) =>
      run('mutation ($users: [UserInput!]!) { upsertUsers(users: $users) { id } }', { users }),
    setPreferences: (user: string, enabled: boolean) =>
      run(
        'mutation ($u: ID!, $p: [PreferenceInput!]!) { setPreferences(user: $u, preferences: $p) { id } }',
        {
          u: user,
          p: [{ category: 'news', enabled }],
        },
      ),
    register: (user: string, endpoint: string) =>
      run(
        'mutation ($s: PushSubscriptionInput!) { registerPushSubscription(subscription: $s) { id } }',
        { s: { endpoint, keys: { p256dh: P256DH, auth: AUTH } } },
        userPrincipal(user),
      ),
    recipient: async (id: string) => (await service.recipients(WORKSPACE, [id])).get(id),
    close: async () => {
      publisher.disconnect();
      subscriber.disconnect();
      await connection.close();
    },
  };
}
// A point of P-256 (RFC 8291, Appendix A) and 16 octets.
const P256DH = 'BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4';
const AUTH = 'BTBZMqHH6r4Tts7J_aSIgg';

type Process = Awaited<ReturnType<typeof openProcess>>;
let here: Process;
let there: Process;
/** Stores in the same database, but its messages are heard by nobody. */
let unheard: Process;
beforeAll(async () => {
  [here, there, unheard] = await Promise.all([openProcess(), openProcess(), openProcess('elsewhere')]);
});
afterAll(async () => {
  await Promise.all([here, there, unheard].map((process) => process?.close()));
});

async function until(condition: () => Promise<boolean>, limitMs = 20_000): Promise<number> {
  const start = performance.now();
  while (!(await condition())) {
    if (performance.now() - start > limitMs) throw new Error(`not true within ${limitMs} ms`);
    await setTimeout(1);
  }
  return performance.now() - start;
}
/**
 * Changes without a message, so that only the memory of `process` can still answer the old. It does not answer from
 * there while its bus is not live: after a pause of some seconds, too.
 */
const nameIsFromMemory = async (process: Process, id: string, name: string) => {
  await unheard.upsert({ id, name: `not ${name}` });
  await until(async () => process.bus.live);
  expect((await process.recipient(id))?.name).toBe(name);
};

describe('recipients', () => {
  it('come from memory, and follow every change on this and on another process', async () => {
    await here.upsert({ id: 'ann', name: 'one', groups: ['g'] });
    for (const process of [here, there]) expect((await process.recipient('ann'))?.name).toBe('one');
    await nameIsFromMemory(there, 'ann', 'one');
    const changes: [() => Promise<void>, (process: Process) => Promise<boolean>][] = [
      [
        () => here.upsert({ id: 'ann', name: 'two' }),
        async (p) => {
          const ann = await p.recipient('ann');
          return ann?.name === 'two' && ann.groups.length === 0;
        },
      ],
      [
        () => here.setPreferences('ann', false),
        async (p) => (await p.recipient('ann'))?.preferences[0]?.enabled === false,
      ],
      [
        () => here.register('ann', 'https://push.example.com/1'),
        async (p) => (await p.recipient('ann'))?.devices.length === 1,
      ],
      // The same browser, now another user's.
      [
        async () => {
          await here.upsert({ id: 'bob' });
          await here.register('bob', 'https://push.example.com/1');
        },
        async (p) => (await p.recipient('ann'))?.devices.length === 0,
      ],
    ];
    const tookMs: number[] = [];
    for (const [change, seen] of changes) {
      for (const process of [here, there]) await process.recipient('ann');
      await change();
      expect(await seen(here)).toBe(true);
      tookMs.push(await until(() => seen(there)));
    }
    // A busy machine may hold up one or the other.
    expect(tookMs.toSorted((a, b) => a - b)[1]).toBeLessThan(1_000);
  });

  it('lose a device that the push service said is gone', async () => {
    await here.upsert({ id: 'cat' });
    await here.register('cat', 'https://push.example.com/2');
    const [device] = (await there.recipient('cat'))?.devices ?? [];
    await there.service.removeDevices(WORKSPACE, [device?.id ?? '', 'dev_of_nobody']);
    expect((await there.recipient('cat'))?.devices).toEqual([]);
    await until(async () => (await here.recipient('cat'))?.devices.length === 0);
  });

  it('never fall back behind a change that another process has seen, however reads and changes race', async () => {
    await here.upsert({ id: 'race', name: '0' });
    for (let n = 1; n <= 20; n++) {
      let writing = true;
      const reading = (async () => {
        while (writing) {
          await there.recipient('race');
          await setImmediate();
        }
      })();
      await here.upsert({ id: 'race', name: String(n) });
      writing = false;
      await reading;
      await until(async () => (await there.recipient('race'))?.name === String(n));
      for (let again = 0; again < 5; again++) {
        await setTimeout(1);
        expect((await there.recipient('race'))?.name).toBe(String(n));
      }
    }
  });
});

describe('missing users and empty groups', () => {
  it('are asked for again: who is created is there at once, here and elsewhere', async () => {
    for (let n = 0; n < 5; n++) {
      const id = `new-${n}`;
      for (const process of [here, there]) {
        expect(await process.service.missingUsers(WORKSPACE, [id, id, 'ann'])).toEqual([id]);
        expect(await process.service.emptyGroups(WORKSPACE, [id, id])).toEqual([id]);
      }
      await here.upsert({ id, groups: [id] });
      for (const process of [here, there]) {
        expect(await process.service.missingUsers(WORKSPACE, [id])).toEqual([]);
        expect(await process.service.emptyGroups(WORKSPACE, [id])).toEqual([]);
      }
    }
  });

  it('follow the last member who leaves', async () => {
    await here.upsert({ id: 'm1', groups: ['team'] }, { id: 'm2', groups: ['team'] });
    for (const process of [here, there])
      expect(await process.service.emptyGroups(WORKSPACE, ['team'])).toEqual([]);
    await here.upsert({ id: 'm1' });
    for (const process of [here, there])
      expect(await process.service.emptyGroups(WORKSPACE, ['team'])).toEqual([]);
    await here.upsert({ id: 'm2' });
    expect(await here.service.emptyGroups(WORKSPACE, ['team'])).toEqual(['team']);
    await until(async () => (await there.service.emptyGroups(WORKSPACE, ['team'])).length === 1);
  });
});

describe('without Redis', () => {
  it('a process whose subscription is gone answers from the store, and forgets all when it is back', async () => {
    await here.upsert({ id: 'cut', name: 'old' });
    expect((await there.recipient('cut'))?.name).toBe('old');
    await nameIsFromMemory(there, 'cut', 'old');
    there.subscriber.disconnect();
    await until(async () => there.subscriber.status === 'end');
    expect(there.bus.live).toBe(false);
    await here.upsert({ id: 'cut', name: 'new' });
    expect((await there.recipient('cut'))?.name).toBe('new');
    await there.subscriber.connect();
    await until(async () => there.bus.live);
    expect((await there.recipient('cut'))?.name).toBe('new');
    await nameIsFromMemory(there, 'cut', 'new');
  });

  it('a change whose message Redis did not take is told when it is back', async () => {
    await here.upsert({ id: 'late', name: 'old' });
    expect((await there.recipient('late'))?.name).toBe('old');
    here.publisher.disconnect();
    await until(async () => here.publisher.status === 'end');
    await here.upsert({ id: 'late', name: 'new' });
    expect((await here.recipient('late'))?.name).toBe('new');
    await until(async () => there.bus.live);
    expect((await there.recipient('late'))?.name).toBe('old');
    await here.publisher.connect();
    await until(async () => (await there.recipient('late'))?.name === 'new');
  });
});
