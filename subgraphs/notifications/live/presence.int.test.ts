import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Principal } from '../../../platform/auth/principal.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import { appPrincipal, OLGA, type OpenGraph, openGraph } from '../testing/open-graph.ts';

const services = freshDatabase();
/** Two processes of the subgraph. */
let one: OpenGraph;
let other: OpenGraph;
beforeAll(async () => {
  [one, other] = await Promise.all([openGraph(services), openGraph(services)]);
  for (const id of ['ann', 'bob']) await one.users.ensureUser('default', { id });
});
afterAll(async () => {
  await one?.close();
  await other?.close();
});

const person = (user: string): Principal => ({
  kind: 'user',
  workspace: 'default',
  user,
  expiresAt: Number.MAX_SAFE_INTEGER,
});
const ENTITIES = `query ($users: [_Any!]!) { _entities(representations: $users) { ... on User { id online } } }`;
/** As the gateway asks. */
async function online(principal: Principal, ...ids: string[]): Promise<(boolean | null)[]> {
  const users = ids.map((id) => ({ __typename: 'User', id }));
  const { _entities } = await other.run<{ _entities: ({ online: boolean } | null)[] }>(principal, ENTITIES, {
    users,
  });
  return _entities.map((entity) => entity?.online ?? null);
}
const watch = async (graph: OpenGraph, user: string) => {
  const stream = await graph.watch(person(user), 'subscription { inboxEvents { type } }');
  // Its generator starts with the first question; only then its end is heard of.
  const first = stream.next();
  return {
    end: async () => {
      await stream.return(undefined);
      await first;
    },
  };
};
async function becomes(user: string, expected: boolean): Promise<void> {
  for (const end = Date.now() + 20_000; (await online(OLGA, user))[0] !== expected; )
    if (Date.now() > end) throw new Error(`${user} is not ${expected ? 'online' : 'offline'}`);
}

describe('a user', () => {
  it('is online, as every process says, while a live inbox is open in one of them', async () => {
    expect(await online(OLGA, 'ann', 'bob')).toEqual([false, false]);
    const pages = [await watch(one, 'ann'), await watch(other, 'ann')];
    await becomes('ann', true);
    expect(await online(appPrincipal('app_1'), 'ann', 'bob')).toEqual([true, false]);
    await pages[0]?.end();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await online(OLGA, 'ann')).toEqual([true]);
    await pages[1]?.end();
    await becomes('ann', false);
  });

  it('was seen then', async () => {
    const seen = async () =>
      (
        await one.run<{ user: { lastSeenAt: string | null } }>(
          OLGA,
          '{ user(id: "bob") { lastSeenAt } }',
          {},
          'users',
        )
      ).user.lastSeenAt;
    expect(await seen()).toBeNull();
    const page = await watch(one, 'bob');
    for (const end = Date.now() + 20_000; (await seen()) === null; )
      if (Date.now() > end) throw new Error('not seen');
    expect(Date.now() - Date.parse((await seen()) ?? '')).toBeLessThan(60_000);
    await page.end();
  });

  it('sees of users only themselves', async () => {
    const page = await watch(one, 'bob');
    await becomes('bob', true);
    expect(await online(person('bob'), 'bob', 'ann')).toEqual([true, null]);
    await page.end();
  });

  it('goes offline with the process', async () => {
    const third = await openGraph(services);
    await watch(third, 'ann');
    await becomes('ann', true);
    await third.close();
    await becomes('ann', false);
  });
});
