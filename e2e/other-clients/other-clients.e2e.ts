/** A team that has a GraphQL client already uses Herald with it, unchanged. */
import { describe, expect, test } from 'vitest';
import { openEventStream } from '../../gateway/testing/event-stream.ts';
import { eventually } from '../support/eventually.ts';
import { SEND, type Sent } from '../support/graph.ts';
import { usePlatform } from '../support/platform.ts';
import { untilHeard } from '../support/until-heard.ts';
import { OTHER_CLIENTS } from './clients.ts';

const platform = usePlatform();

const INBOX = 'query Inbox { inbox(first: 5) { unreadCount nodes { id title readAt } } }';
const READ = 'mutation Read($ids: [ID!]!) { markRead(ids: $ids) { id readAt } }';
const LIVE = `subscription Live($after: ID) {
  inboxEvents(after: $after) { type unreadCount message { id title notification { app { name } } } }
}`;

interface Inbox {
  readonly inbox: { readonly nodes: readonly { readonly id: string; readonly title: string }[] };
}
interface Live {
  readonly inboxEvents: {
    readonly type: 'RECEIVED' | 'UPDATED';
    readonly message: { readonly id: string; readonly title: string };
  };
}

const send = (user: string, title: string) =>
  platform.app.data<Sent>(SEND, {
    input: { content: { title, body: 'Hello' }, to: [{ user }], channels: ['IN_APP'] },
  });

async function tokenOf(user: string): Promise<string> {
  const { createUserToken } = await platform.app.data<{ createUserToken: { token: string } }>(
    `mutation Token($user: ID!) { upsertUsers(users: [{ id: $user }]) { id } createUserToken(user: $user) { token } }`,
    { user },
  );
  return createUserToken.token;
}

describe.each(OTHER_CLIENTS)('%s', (name, make) => {
  const user = name.toLowerCase().replaceAll(/[^a-z]+/g, '-');

  test('runs a query, a subscription and a mutation', async () => {
    const client = make(platform.url, await tokenOf(user));
    try {
      await send(user, 'First');
      const { inbox } = await eventually(
        async () => (await client.query(INBOX)) as Inbox,
        (answer) => expect(answer.inbox.nodes).toMatchObject([{ title: 'First' }]),
      );
      const first = inbox.nodes[0]?.id;

      const events: Live[] = [];
      const errors: unknown[] = [];
      const stop = client.subscribe(
        LIVE,
        { after: first },
        (data) => events.push(data as Live),
        (error) => errors.push(error),
      );
      const seen = (count: number) =>
        eventually(
          async () => events,
          () => expect({ errors, events: events.length }).toEqual({ errors: [], events: count }),
        );
      await send(user, 'Second');
      await seen(1);
      await send(user, 'Third');
      await seen(2);
      expect(events).toMatchObject([
        {
          inboxEvents: {
            type: 'RECEIVED',
            message: { title: 'Second', notification: { app: { name: 'Demo' } } },
          },
        },
        { inboxEvents: { type: 'RECEIVED', message: { title: 'Third' } } },
      ]);

      expect(await client.mutate(READ, { ids: [first] })).toMatchObject({
        markRead: [{ id: first, readAt: expect.any(String) }],
      });
      await seen(3);
      expect(events[2]).toMatchObject({
        inboxEvents: { type: 'UPDATED', unreadCount: 2, message: { id: first } },
      });
      stop();
    } finally {
      await client.close();
    }
  });

  test('is told what is wrong', async () => {
    const client = make(platform.url, await tokenOf(user));
    try {
      await expect(client.query('query Nope { nope }')).rejects.toThrow('nope');
      const error = new Promise<unknown>((resolve) =>
        client.subscribe(LIVE, { after: 'garbage' }, (data) => resolve(data), resolve),
      );
      const [first] = [(await error) as object].flat();
      expect(JSON.stringify(first) + String(first)).toContain('is not a message of this inbox');
    } finally {
      await client.close();
    }
  });
});

describe('a stream that broke off', () => {
  test('goes on where it was: what was sent meanwhile comes once, and nothing twice', async () => {
    const token = await tokenOf('resumer');
    await send('resumer', 'Before');
    const open = (headers: Record<string, string> = {}) =>
      openEventStream(
        `${platform.url}/graphql/stream?${new URLSearchParams({ query: 'subscription { inboxEvents { type message { id title } } }' })}`,
        { headers: { authorization: `Bearer ${token}`, ...headers } },
      );
    const stream = await open();
    let earlies = 0;
    const early = await untilHeard(stream.next(), () => {
      earlies++;
      return send('resumer', 'Early');
    });
    expect(early?.id).toMatch(/^msg_/);
    await stream.close();
    // What was sent first may be stored last: all of them are to be there before the next.
    await eventually(
      () =>
        platform
          .user('resumer')
          .then((person) => person.data<{ inbox: { unreadCount: number } }>('{ inbox { unreadCount } }')),
      ({ inbox }) => expect(inbox.unreadCount).toBe(1 + earlies),
    );

    await send('resumer', 'Meanwhile');
    await eventually(
      () => platform.user('resumer').then((person) => person.data<Inbox>(INBOX)),
      ({ inbox }) => expect(inbox.nodes[0]?.title).toBe('Meanwhile'),
    );
    const again = await open({ 'last-event-id': early?.id ?? '' });
    const titles: string[] = [];
    const ids: string[] = [];
    const read = async () => {
      const event = await again.next();
      const { data } = JSON.parse(event?.data ?? '{}') as { data: Live };
      titles.push(data.inboxEvents.message.title);
      ids.push(event?.id ?? '');
    };
    while (titles.at(-1) !== 'Meanwhile') await read();
    await send('resumer', 'Later');
    await read();
    await again.close();
    expect(titles.filter((title) => title !== 'Early')).toEqual(['Meanwhile', 'Later']);
    expect(new Set([early?.id, ...ids]).size).toBe(ids.length + 1);
    expect([...ids].sort()).toEqual(ids);
  });
});
