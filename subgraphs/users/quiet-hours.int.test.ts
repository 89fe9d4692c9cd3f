/** Quiet hours by the graph, and as other rooms get them, in two processes. */
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
const operator: Principal = { kind: 'operator', workspace: 'default', key: 'k', name: 'Op', root: true };
const app: Principal = { kind: 'app', workspace: 'default', app: 'shop', key: 'k', ratePerSecond: 1_000 };
const asUser = (user: string): Principal => ({
  kind: 'user',
  workspace: 'default',
  user,
  expiresAt: Math.floor(Date.now() / 1_000) + 60,
});

async function openProcess() {
  const connection = await connectMongo(services.mongodbUri, silent);
  const publisher = connectRedis(services.redisUrl, 'commands', silent);
  const subscriber = connectRedis(services.redisUrl, 'subscriber', silent);
  await Promise.all([publisher, subscriber].map((redis) => whenReady(redis)));
  const bus = new InvalidationBus(publisher, subscriber, `{${services.namespace}:quiet}`, silent);
  await bus.start();
  const { service, subgraph } = await createUsersSubgraph({
    connection,
    bus,
    log: silent,
    jwtSecret: 'a-secret-of-at-least-32-characters!',
    vapidPublicKey: 'v',
  });
  const executor = new SubgraphExecutor(subgraph.schema, silent);
  return {
    service,
    ask: (principal: Principal, query: string, variables: Record<string, unknown> = {}) =>
      executor.execute({ query, variables }, { requestId: 'test', principal }),
    quietHoursOf: async (id: string) => (await service.recipients('default', [id])).get(id)?.quietHours,
    close: async () => {
      publisher.disconnect();
      subscriber.disconnect();
      await connection.close();
    },
  };
}

type Process = Awaited<ReturnType<typeof openProcess>>;
let here: Process;
let there: Process;
beforeAll(async () => {
  [here, there] = await Promise.all([openProcess(), openProcess()]);
  await here.service.ensureWorkspace('default', 'Default');
  await here.service.ensureWorkspace('other', 'Other');
  for (const id of ['ann', 'bob']) await here.service.ensureUser('default', { id });
});
afterAll(() => Promise.all([here.close(), there.close()]));

const NIGHT = { from: '22:00', to: '07:00' };
const SET = `mutation ($user: ID, $hours: QuietHoursInput) {
  setQuietHours(user: $user, quietHours: $hours) { id quietHours { from to timezone days } }
}`;
const SET_DEFAULT = `mutation ($hours: QuietHoursInput) {
  setDefaultQuietHours(quietHours: $hours) { from to timezone days }
}`;

describe('quiet hours', () => {
  it('are what the user says, told to all processes', async () => {
    expect(await there.quietHoursOf('ann')).toBeUndefined();
    const { data, errors } = await here.ask(asUser('ann'), SET, { hours: { ...NIGHT, days: ['MONDAY'] } });
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({
      setQuietHours: { id: 'ann', quietHours: { ...NIGHT, timezone: null, days: ['MONDAY'] } },
    });
    await expect.poll(() => there.quietHoursOf('ann')).toEqual({ ...NIGHT, days: ['MONDAY'] });
    // A profile that is written anew leaves them.
    await here.ask(app, 'mutation { upsertUsers(users: [{ id: "ann", name: "Ann" }]) { id } }');
    expect(await here.quietHoursOf('ann')).toEqual({ ...NIGHT, days: ['MONDAY'] });
  });

  it('are those of the workspace for whoever has none, and of no other workspace', async () => {
    await here.service.ensureUser('other', { id: 'bob' });
    expect(await there.quietHoursOf('bob')).toBeUndefined();
    const usual = { from: '21:00', to: '08:00', timezone: 'Europe/Berlin' };
    const { data } = await here.ask(operator, SET_DEFAULT, { hours: usual });
    expect(data).toMatchObject({ setDefaultQuietHours: usual });
    expect(await here.quietHoursOf('bob')).toEqual(usual);
    await expect.poll(() => there.quietHoursOf('bob')).toEqual(usual);
    expect(await there.quietHoursOf('ann')).toEqual({ ...NIGHT, days: ['MONDAY'] });
    expect((await there.service.recipients('other', ['bob'])).get('bob')?.quietHours).toBeUndefined();
    expect((await here.ask(app, '{ defaultQuietHours { from } }')).data).toEqual({
      defaultQuietHours: { from: '21:00' },
    });
    // None at all, whatever the workspace says.
    await here.ask(app, SET, { user: 'bob', hours: { ...NIGHT, days: [] } });
    expect(await here.quietHoursOf('bob')).toEqual({ ...NIGHT, days: [] });
    await here.ask(app, SET, { user: 'bob', hours: null });
    expect(await here.quietHoursOf('bob')).toEqual(usual);
    await here.ask(operator, SET_DEFAULT, { hours: null });
    expect(await here.quietHoursOf('bob')).toBeUndefined();
  });

  it.each<[string, Principal, string, Record<string, unknown>, string]>([
    ['of somebody else', asUser('ann'), SET, { user: 'bob', hours: NIGHT }, 'FORBIDDEN'],
    ['of nobody', app, SET, { user: 'nobody', hours: NIGHT }, 'NOT_FOUND'],
    ['without a name', app, SET, { hours: NIGHT }, 'BAD_USER_INPUT'],
    ['that never end', asUser('ann'), SET, { hours: { from: '07:00', to: '07:00' } }, 'BAD_USER_INPUT'],
    ['of all, by an app', app, SET_DEFAULT, { hours: NIGHT }, 'FORBIDDEN'],
  ])('%s are refused', async (_what, principal, query, variables, code) => {
    const { errors } = await here.ask(principal, query, variables);
    expect(errors?.[0]?.extensions?.code).toBe(code);
  });
});
