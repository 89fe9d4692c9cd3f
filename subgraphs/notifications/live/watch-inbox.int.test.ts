import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCursorOf } from '../../../platform/graphql/start-cursor.ts';
import { connectRedis, whenReady } from '../../../platform/storage/redis.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import type { InboxEventRecord } from '../inbox/inbox-events.ts';
import { InboxPublisher } from '../inbox/inbox-publisher.ts';
import { messageId } from '../inbox/inbox-service.ts';
import { MongoOutbox } from '../outbox/outbox.ts';
import { inAppPage, notification, type OpenStore, openStore, silent } from '../testing/open-store.ts';
import { InboxHub } from './inbox-hub.ts';
import { watchInbox } from './watch-inbox.ts';

const services = freshDatabase();
let store: OpenStore;
let writers: OpenStore[];
let hub: InboxHub;
beforeAll(async () => {
  store = await openStore(services);
  writers = await Promise.all([openStore(services), openStore(services), openStore(services)]);
  hub = new InboxHub(store.subscriber, store.names, silent);
});
afterAll(async () => {
  await Promise.all([store, ...writers].map((s) => s.close()));
});

const deliver = async (writer: OpenStore, user: string) => {
  const record = notification({ to: [{ user }] });
  await writer.models.raw.notifications.insertOne(record);
  await writer.outbox.storePlans([inAppPage(record, [user])], new Date());
};

async function take(iterator: AsyncIterator<InboxEventRecord>, count: number): Promise<InboxEventRecord[]> {
  const events: InboxEventRecord[] = [];
  while (events.length < count) {
    const result = await iterator.next();
    if (result.done) throw new Error(`ended after ${events.length} events`);
    events.push(result.value);
  }
  return events;
}

describe('a live inbox', () => {
  it('gets every message once, in order, from several writers and over disconnects', async () => {
    const owner = { workspace: 'default', user: 'live' };
    const total = 120;
    const writing = Promise.all(
      writers.map(async (writer) => {
        for (let i = 0; i < total / writers.length; i++) await deliver(writer, 'live');
      }),
    );
    const seen: number[] = [];
    while (seen.length < total) {
      const iterator = await watchInbox(hub, store.inbox, owner, seen.at(-1) ?? 0);
      for (const event of await take(
        iterator,
        Math.min(1 + Math.floor(Math.random() * 30), total - seen.length),
      ))
        seen.push(event.message.seq);
      await iterator.return?.();
    }
    await writing;
    expect(seen).toEqual(Array.from({ length: total }, (_, i) => i + 1));
    expect(hub.watched).toBe(0);
  });

  it('without `after` gives only what comes from now on', async () => {
    const owner = { workspace: 'default', user: 'fresh' };
    await deliver(store, 'fresh');
    const iterator = await watchInbox(hub, store.inbox, owner, undefined);
    // Where it begins is the id of the message that is there.
    expect(store.inbox.seqOf(owner, startCursorOf(iterator) ?? '', 'after')).toBe(1);
    await deliver(store, 'fresh');
    const [event] = await take(iterator, 1);
    expect(event).toMatchObject({ type: 'RECEIVED', unreadCount: 2, message: { seq: 2 } });
    await iterator.return?.();
  });

  it('fills a hole in what pub/sub brought from the store', async () => {
    const owner = { workspace: 'default', user: 'holes' };
    const iterator = await watchInbox(hub, store.inbox, owner, undefined);
    // Events of the first two are lost on the way, as when a writer's connection breaks.
    const gone = connectRedis(services.redisUrl, 'commands', silent);
    await whenReady(gone);
    gone.disconnect();
    const outbox = new MongoOutbox({
      ...store,
      inbox: new InboxPublisher(gone, store.names, silent),
      log: silent,
    });
    await deliver({ ...store, outbox }, 'holes');
    await deliver({ ...store, outbox }, 'holes');
    await deliver(store, 'holes');
    expect((await take(iterator, 3)).map((e) => e.message.seq)).toEqual([1, 2, 3]);
    await iterator.return?.();
  });

  it('tells all watchers of a mark, with the count', async () => {
    const owner = { workspace: 'default', user: 'marks' };
    await deliver(store, 'marks');
    await deliver(store, 'marks');
    const [one, two] = await Promise.all([
      watchInbox(hub, store.inbox, owner, undefined),
      watchInbox(hub, store.inbox, owner, undefined),
    ]);
    const messages = await store.inbox.page(owner, { unreadOnly: false, first: 10 });
    const ids = messages.map(messageId);
    await store.inbox.mark(owner, ids.slice(0, 1), 'read');
    for (const watcher of [one, two])
      expect((await take(watcher, 1))[0]).toMatchObject({
        type: 'UPDATED',
        unreadCount: 1,
        message: { seq: 2, readAt: expect.any(Date) },
      });
    expect(await store.inbox.markAllRead(owner)).toBe(1);
    expect(await store.inbox.counter(owner)).toEqual({ seq: 2, unread: 0 });
    await store.inbox.mark(owner, ids, 'unread');
    await store.inbox.mark(owner, ids.slice(0, 1), 'archive');
    expect(await store.inbox.counter(owner)).toEqual({ seq: 2, unread: 1 });
    await expect(
      store.inbox.mark(owner, ['msg_000000000001_000000000000000000000000'], 'read'),
    ).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'ids.0' });
    await one.return?.();
    await two.return?.();
  });
});
