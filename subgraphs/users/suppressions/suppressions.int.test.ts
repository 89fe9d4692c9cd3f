/** Suppressions over the graph and for the dispatcher, on two processes that share a database. */
import { setTimeout } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../../platform/auth/principal.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import { SubgraphExecutor } from '../../../platform/graphql/subgraph-executor.ts';
import { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import { connectMongo } from '../../../platform/storage/mongo.ts';
import { connectRedis, whenReady } from '../../../platform/storage/redis.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import { createUsersSubgraph } from '../index.ts';

const silent = pino({ level: 'silent' });
const services = freshDatabase();
const operatorOf = (workspace: string): Principal => ({
  kind: 'operator',
  workspace,
  key: 'k',
  name: 'Olga',
  root: false,
});

/** What a process has: its own connections, bus and caches. */
async function openProcess() {
  const connection = await connectMongo(services.mongodbUri, silent);
  const publisher = connectRedis(services.redisUrl, 'commands', silent);
  const subscriber = connectRedis(services.redisUrl, 'subscriber', silent);
  await Promise.all([publisher, subscriber].map((redis) => whenReady(redis)));
  const bus = new InvalidationBus(publisher, subscriber, `{${services.namespace}:suppressions}`, silent);
  await bus.start();
  const { service, subgraph } = await createUsersSubgraph({
    connection,
    bus,
    log: silent,
    jwtSecret: 'a-secret-of-at-least-32-characters!',
    vapidPublicKey: 'v',
  });
  const executor = new SubgraphExecutor(subgraph.schema, silent);
  const ask = (query: string, variables: Record<string, unknown>, principal: Principal) =>
    executor.execute({ query, variables }, { requestId: 'test', principal });
  const run = async (workspace: string, query: string, variables: Record<string, unknown> = {}) => {
    const { data, errors } = await ask(query, variables, operatorOf(workspace));
    expect(errors).toBeUndefined();
    return data as Record<string, unknown>;
  };
  return {
    connection,
    bus,
    service,
    ask,
    run,
    suppress: (workspace: string, address: string, more: Record<string, unknown> = {}) =>
      run(
        workspace,
        `mutation ($c: Channel!, $a: String!, $r: SuppressionReason, $k: String) {
          suppressAddress(channel: $c, address: $a, reason: $r, category: $k) {
            channel address reason category by account delivery
          }
        }`,
        { c: 'EMAIL', a: address, ...more },
      ),
    stops: async (workspace: string, address: string, channel: Channel = 'EMAIL') =>
      (await service.suppressedOf(workspace, [{ channel, address }]))[0],
    close: async () => {
      publisher.disconnect();
      subscriber.disconnect();
      await connection.close();
    },
  };
}

let here: Awaited<ReturnType<typeof openProcess>>;
let there: typeof here;
beforeAll(async () => {
  [here, there] = await Promise.all([openProcess(), openProcess()]);
});
afterAll(() => Promise.all([here, there].map((process) => process?.close())));

const SUPPRESSED = { suppressed: true, unwanted: [] };

/** How long it took until `there` has it so, in ms. */
async function timeUntil(stops: object | undefined, address: string): Promise<number> {
  const start = performance.now();
  await expect.poll(() => there.stops('w1', address), { interval: 5 }).toEqual(stops);
  return performance.now() - start;
}

describe('suppressions', () => {
  it('count here at once and there within a second, however the address is written; so does taking them back', async () => {
    for (const process of [here, there])
      expect(await process.stops('w1', 'jane@example.com')).toBeUndefined();
    expect(await here.suppress('w1', 'Jane@Example.com')).toEqual({
      suppressAddress: {
        channel: 'EMAIL',
        address: 'jane@example.com',
        reason: 'MANUAL',
        category: null,
        by: 'Olga',
        account: null,
        delivery: null,
      },
    });
    expect(await here.stops('w1', 'JANE@example.com')).toEqual(SUPPRESSED);
    const tookMs = [await timeUntil(SUPPRESSED, 'jane@EXAMPLE.com')];
    // Another address, channel and workspace are not meant. The workspace has some now, so each is looked up.
    expect(await there.stops('w1', 'joe@example.com')).toBeUndefined();
    expect(await there.stops('w1', 'jane@example.com', 'SLACK')).toBeUndefined();
    expect(await there.stops('w2', 'jane@example.com')).toBeUndefined();
    // An address that was known to be free.
    await here.suppress('w1', 'joe@example.com');
    tookMs.push(await timeUntil(SUPPRESSED, 'joe@example.com'));

    const remove = 'mutation { removeSuppression(channel: EMAIL, address: "JANE@example.com") }';
    expect(await here.run('w1', remove)).toEqual({ removeSuppression: true });
    expect(await here.stops('w1', 'jane@example.com')).toBeUndefined();
    tookMs.push(await timeUntil(undefined, 'jane@example.com'));
    // A busy machine may hold up one of them.
    expect(tookMs.toSorted((a, b) => a - b)[1]).toBeLessThan(1_000);
    expect(await here.run('w1', remove)).toEqual({ removeSuppression: false });
  });

  it('answers from memory what was asked lately', async () => {
    await here.suppress('w3', 'a@example.com');
    const addresses = ['a@example.com', 'b@example.com'].map((address) => ({
      channel: 'EMAIL' as const,
      address,
    }));
    expect(await here.service.suppressedOf('w3', addresses)).toEqual([SUPPRESSED, undefined]);
    // Without a word to anybody.
    await here.connection.collection('suppressions').deleteMany({ workspace: 'w3' });
    // After a pause of some seconds it asks the store until its bus is known to live.
    await expect.poll(() => here.bus.live).toBe(true);
    expect(await here.service.suppressedOf('w3', addresses)).toEqual([SUPPRESSED, undefined]);
    expect(await here.service.suppressedOf('w3', [])).toEqual([]);
  });

  it('what was said first stays, but for a complaint', async () => {
    const of = { workspace: 'w4', channel: 'EMAIL', address: 'x@example.com' } as const;
    const reason = async () =>
      (await here.connection.collection('suppressions').find({ workspace: 'w4' }).toArray()).map((record) => [
        record.reason,
        record.delivery,
      ]);
    await Promise.all(
      ['1', '2', '3'].map((delivery) => here.service.suppress({ ...of, reason: 'BOUNCED', delivery })),
    );
    const first = await reason();
    expect(first).toEqual([['BOUNCED', expect.any(String)]]);
    await here.service.suppress({ ...of, reason: 'INVALID', delivery: '4' });
    expect(await reason()).toEqual(first);
    await here.service.suppress({ ...of, reason: 'COMPLAINED', delivery: '5' });
    expect(await reason()).toEqual([['COMPLAINED', '5']]);
    await here.service.suppress({ ...of, reason: 'BOUNCED', delivery: '6' });
    expect(await reason()).toEqual([['COMPLAINED', '5']]);
  });

  it('a dead address and a withdrawn consent are taken back apart', async () => {
    const of = { workspace: 'w5', channel: 'EMAIL', address: 'x@example.com' } as const;
    await here.service.suppress({ ...of, reason: 'BOUNCED' });
    await here.service.suppress({ ...of, reason: 'UNSUBSCRIBED', category: 'news' });
    await here.service.suppress({ ...of, reason: 'UNSUBSCRIBED' });
    expect(await here.stops('w5', of.address)).toEqual({
      suppressed: true,
      unwanted: expect.arrayContaining(['news', undefined]),
    });
    await here.run('w5', 'mutation { removeSuppression(channel: EMAIL, address: "x@example.com") }');
    await here.run('w5', 'mutation { removeUnsubscription(channel: EMAIL, address: "x@example.com") }');
    expect(await here.stops('w5', of.address)).toEqual({ suppressed: false, unwanted: ['news'] });
    const remove =
      'mutation { removeUnsubscription(channel: EMAIL, address: "x@example.com", category: "news") }';
    expect(await here.run('w5', remove)).toEqual({ removeUnsubscription: true });
    expect(await here.stops('w5', of.address)).toBeUndefined();
  });

  it('are listed newest first, page by page, of one workspace alone', async () => {
    for (const n of [1, 2, 3]) {
      await here.suppress('w6', `list${n}@example.com`, n === 2 ? { r: 'UNSUBSCRIBED', k: 'news' } : {});
      for (const told = Date.now(); Date.now() === told; ) await setTimeout(1);
    }
    await here.suppress('w60', 'other@example.com');
    const list = async (variables: Record<string, unknown>) => {
      const { suppressions } = (await here.run(
        'w6',
        `query ($f: SuppressionFilter, $n: Int, $a: String) {
          suppressions(filter: $f, first: $n, after: $a) {
            nodes { address reason category at } pageInfo { hasNextPage endCursor }
          }
        }`,
        variables,
      )) as {
        suppressions: { nodes: { address: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
      };
      return { addresses: suppressions.nodes.map(({ address }) => address), page: suppressions.pageInfo };
    };
    const first = await list({ n: 2 });
    expect(first.addresses).toEqual(['list3@example.com', 'list2@example.com']);
    expect(first.page.hasNextPage).toBe(true);
    const rest = await list({ n: 2, a: first.page.endCursor });
    expect(rest.addresses).toEqual(['list1@example.com']);
    expect(rest.page.hasNextPage).toBe(false);
    expect((await list({ f: { reason: ['UNSUBSCRIBED'] } })).addresses).toEqual(['list2@example.com']);
    expect((await list({ f: { address: 'LIST1@example.com' } })).addresses).toEqual(['list1@example.com']);
    expect((await list({ f: { channel: ['SMS'] } })).addresses).toEqual([]);
    expect((await list({ f: { channel: ['EMAIL'], reason: ['MANUAL'] } })).addresses).toHaveLength(2);
    expect((await list({ f: { account: 'mail-a' } })).addresses).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['an address of a wrong form', { a: 'nobody' }, 'address'],
    ['a channel without addresses', { c: 'IN_APP', a: 'x' }, 'channel'],
    ['browsers', { c: 'WEB_PUSH', a: 'https://push.example.com/1' }, 'channel'],
    ['a category of a dead address', { a: 'x@example.com', k: 'news' }, 'category'],
    ['a category with a space', { a: 'x@example.com', r: 'UNSUBSCRIBED', k: 'a b' }, 'category'],
  ])('%s is refused', async (_what, variables, field) => {
    const { errors } = await here.ask(
      `mutation ($c: Channel!, $a: String!, $r: SuppressionReason, $k: String) {
        suppressAddress(channel: $c, address: $a, reason: $r, category: $k) { address }
      }`,
      { c: 'EMAIL', ...variables },
      operatorOf('w7'),
    );
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
  });

  it('are for operators alone', async () => {
    const app: Principal = { kind: 'app', workspace: 'w7', app: 'a', key: 'k', ratePerSecond: 1 };
    for (const query of [
      '{ suppressions { nodes { address } } }',
      'mutation { suppressAddress(channel: EMAIL, address: "x@example.com") { address } }',
      'mutation { removeSuppression(channel: EMAIL, address: "x@example.com") }',
      'mutation { removeUnsubscription(channel: EMAIL, address: "x@example.com") }',
    ]) {
      const { errors } = await here.ask(query, {}, app);
      expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
    }
  });
});

describe('withdrawConsent', () => {
  it('adds to what the user says elsewhere at the same time, and says when there is no such user', async () => {
    await here.service.ensureUser('w8', { id: 'ann' });
    const categories = Array.from({ length: 8 }, (_, n) => `c${n}`);
    const answers = await Promise.all(
      categories.map((category, n) =>
        (n % 2 === 0 ? here : there).service.withdrawConsent('w8', 'ann', { channel: 'EMAIL', category }),
      ),
    );
    expect(answers).toEqual(categories.map(() => true));
    await expect
      .poll(async () => (await there.service.recipients('w8', ['ann'])).get('ann')?.preferences)
      .toHaveLength(categories.length);
    const ann = (await there.service.recipients('w8', ['ann'])).get('ann');
    expect(ann?.preferences).toEqual(
      expect.arrayContaining(categories.map((category) => ({ category, channel: 'EMAIL', enabled: false }))),
    );
    expect(await here.service.withdrawConsent('w8', 'nobody', { channel: 'EMAIL' })).toBe(false);
  });
});
