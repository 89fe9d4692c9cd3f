/** The client's live inbox against the whole platform: two browsers of one person, losses, and what is done offline. */
import { afterAll, describe, expect, test } from 'vitest';
import type { Inbox } from '../../client/browser/inbox.ts';
import { type LinkProxy, startProxy } from '../../faults/links/tcp-proxy.ts';
import { usePlatform } from '../support/platform.ts';
import { bodies, Person, until } from './people.ts';

const platform = usePlatform();
const opened: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of opened.reverse()) await close();
});

const kept = (inbox: Inbox): Inbox => {
  opened.push(inbox.close);
  return inbox;
};
const person = (id: string) => Person.of(platform, id);
async function openLink(): Promise<LinkProxy & { readonly url: string }> {
  const link = await startProxy(Number(new URL(platform.url).port));
  opened.push(() => link.close());
  return Object.assign(link, { url: `http://127.0.0.1:${link.port}` });
}
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `message ${String(from + index).padStart(3, '0')}`);
const isLive = ({ status }: { readonly status: string }) => status === 'live';
type InboxSnapshot = ReturnType<Inbox['getSnapshot']>;
/** The message of this id, read or unread. */
const isRead = (id: string, read: boolean) => (now: InboxSnapshot) =>
  now.messages.some((one) => one.id === id && (one.readAt !== null) === read);

describe('two browsers of one person', () => {
  test('what one reads, archives or marks unread, the other has within a second', async () => {
    const ada = await person('ada');
    await ada.send('one', 'two');
    const [here, there] = [kept(ada.inbox()), kept(ada.inbox())];
    for (const inbox of [here, there])
      expect(
        await until(
          inbox,
          'loaded',
          (now) => isLive(now) && now.messages.length === 2 && now.unreadCount === 2,
        ),
      ).toMatchObject({ hasMore: false });
    await ada.send('three');
    for (const inbox of [here, there]) await until(inbox, 'live message', (now) => now.unreadCount === 3);

    const tookMs: number[] = [];
    const soon = async (inbox: Inbox, what: string, wanted: (now: InboxSnapshot) => boolean) => {
      const began = performance.now();
      const now = await until(inbox, what, wanted);
      tookMs.push(performance.now() - began);
      return now;
    };
    const id = here.getSnapshot().messages.find(({ body }) => body === 'three')?.id ?? '';
    const read = here.markRead([id]);
    expect(here.getSnapshot(), 'at once').toMatchObject({ unreadCount: 2, pendingCount: 1 });
    await soon(there, 'read there', isRead(id, true));
    await read;
    expect(there.getSnapshot().unreadCount).toBe(2);

    const unread = there.markUnread([id]);
    await soon(here, 'unread here', isRead(id, false));
    await unread;
    const archived = there.archive([id]);
    expect(bodies(await soon(here, 'archived', ({ messages }) => messages.length === 2))).toEqual([
      'one',
      'two',
    ]);
    await archived;
    const other = here.getSnapshot().messages[0]?.id ?? '';
    const again = here.markRead([other]);
    await soon(there, 'the next read there', isRead(other, true));
    await again;
    const all = here.markAllRead();
    // The count comes with the first of the events, the messages with one each.
    await soon(
      there,
      'all read',
      (now) => now.unreadCount === 0 && now.messages.every(({ readAt }) => readAt !== null),
    );
    await all;
    // A busy machine may hold up some of them.
    expect(tookMs.toSorted((a, b) => a - b)[2], `${tookMs} ms`).toBeLessThan(1_000);
  });

  test('the first message of an empty inbox comes, and older ones page by page', async () => {
    const ben = await person('ben');
    const inbox = kept(ben.inbox({ pageSize: 10 }));
    await until(inbox, 'live', isLive);
    await ben.send('message 001');
    await until(inbox, 'first', ({ messages }) => messages.length === 1);
    await ben.send(...numbered(2, 25));
    await until(inbox, 'all', ({ unreadCount }) => unreadCount === 25);

    const late = kept(ben.inbox({ pageSize: 10 }));
    expect(await until(late, 'page', ({ messages }) => messages.length === 10)).toMatchObject({
      unreadCount: 25,
      hasMore: true,
    });
    await late.loadMore();
    await late.loadMore();
    expect(bodies(late.getSnapshot())).toEqual(numbered(1, 25));
    expect(late.getSnapshot().hasMore).toBe(false);
  });

  test('what Herald refuses is undone', async () => {
    const [cleo, dan] = [await person('cleo'), await person('dan')];
    await cleo.send('hers');
    await dan.send('his');
    const [hers, his] = [kept(cleo.inbox()), kept(dan.inbox())];
    const own = (await until(hers, 'hers', ({ messages }) => messages.length === 1)).messages[0]?.id ?? '';
    const other = (await until(his, 'his', ({ messages }) => messages.length === 1)).messages[0]?.id ?? '';
    const refused = hers.markRead([own, other]);
    expect(hers.getSnapshot().unreadCount).toBe(0);
    await expect(refused).rejects.toMatchObject({ code: 'BAD_USER_INPUT', field: 'ids.1' });
    await until(hers, 'undone', (now) => now.unreadCount === 1 && now.messages[0]?.readAt === null);
    expect(hers.getSnapshot().error).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(his.getSnapshot().unreadCount).toBe(1);
  });
});

// Those mostly wait: for time-outs, and for tokens to end.
describe.concurrent('a network that fails', () => {
  test('cut for seconds under a stream of messages: nothing is missing, nothing comes twice', async () => {
    const eve = await person('eve');
    const link = await openLink();
    const seen: string[] = [];
    const inbox = kept(eve.inbox({ url: link.url }));
    inbox.subscribe(() => {
      const ids = inbox.getSnapshot().messages.map(({ id }) => id);
      if (new Set(ids).size !== ids.length) seen.push(`twice in ${ids.join()}`);
    });
    await until(inbox, 'live', isLive);
    await eve.send(...numbered(1, 10));
    // With none of them there is no place to go on from, and only the newest page would come.
    await until(inbox, 'the first', ({ messages }) => messages.length > 0);
    await link.cut();
    await until(inbox, 'offline', ({ status }) => status === 'offline');
    await eve.send(...numbered(11, 40));
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await link.restore();
    await eve.send(...numbered(41, 60));
    const all = await until(
      inbox,
      'all',
      ({ messages, unreadCount }) => messages.length === 60 && unreadCount === 60,
      60_000,
    );
    expect(bodies(all)).toEqual(numbered(1, 60));
    expect(seen).toEqual([]);
  });

  test('what is done and read elsewhere while away is so afterwards', async () => {
    const fay = await person('fay');
    await fay.send('one', 'two', 'three');
    const link = await openLink();
    const [away, home] = [kept(fay.inbox({ url: link.url })), kept(fay.inbox())];
    for (const inbox of [away, home]) await until(inbox, 'loaded', ({ messages }) => messages.length === 3);
    const idOf = (text: string) =>
      home.getSnapshot().messages.find(({ body }) => body === text)?.id ?? `no ${text}`;
    await link.cut();
    await until(away, 'offline', ({ status }) => status === 'offline');

    // Here without a network, there with one.
    const offline = [away.markRead([idOf('three')]), away.archive([idOf('one')])];
    expect(away.getSnapshot()).toMatchObject({ unreadCount: 1, pendingCount: 2 });
    expect(bodies(away.getSnapshot())).toEqual(['three', 'two']);
    await home.markRead([idOf('two')]);

    await link.restore();
    await Promise.all(offline);
    for (const inbox of [away, home])
      expect(
        bodies(
          await until(
            inbox,
            'the same',
            (now) => now.unreadCount === 0 && now.messages.every(({ readAt }) => readAt !== null),
          ),
        ),
      ).toEqual(['three', 'two']);
  });

  test('a link that swallows everything is noticed, and left', async () => {
    const gil = await person('gil');
    const link = await openLink();
    const inbox = kept(gil.inbox({ url: link.url }));
    await until(inbox, 'live', isLive);
    link.blackHole();
    const marked = inbox.markAllRead();
    await until(inbox, 'noticed', ({ status }) => status === 'offline', 60_000);
    await gil.send('while away');
    await link.restore('lost');
    await until(inbox, 'back', ({ messages }) => messages.length === 1, 60_000);
    await marked;
  });
});

describe.concurrent('tokens', () => {
  test('are renewed before they end, without a gap', async () => {
    const hal = await person('hal');
    const asked: number[] = [];
    const inbox = kept(
      hal.inbox({
        token: () => {
          asked.push(Date.now());
          return hal.token(6);
        },
      }),
    );
    const states = new Set<string>();
    await until(inbox, 'live', isLive);
    inbox.subscribe(() => states.add(inbox.getSnapshot().status));
    for (const number of numbered(1, 15)) {
      await hal.send(number);
      await new Promise((resolve) => setTimeout(resolve, 900));
    }
    expect(bodies(await until(inbox, 'all', ({ messages }) => messages.length === 15))).toEqual(
      numbered(1, 15),
    );
    expect(asked.length).toBeGreaterThanOrEqual(3);
    expect([...states]).toEqual(['live']);
  });

  test('one that is refused signs out, and `start` tries again', async () => {
    const ida = await person('ida');
    let good = false;
    const inbox = kept(ida.inbox({ token: async () => (good ? ida.token() : 'not a token') }));
    expect(await until(inbox, 'refused', ({ status }) => status === 'signed-out')).toMatchObject({
      error: { code: 'UNAUTHENTICATED' },
    });
    good = true;
    inbox.start();
    await until(inbox, 'live', isLive);
    expect(inbox.getSnapshot().error).toBeUndefined();
  });
});

describe('tabs of one browser', () => {
  test('share one socket; when the one that has it closes, another goes on', async () => {
    const joe = await person('joe');
    const link = await openLink();
    const tabs = [1, 2, 3].map(() => kept(joe.inbox({ url: link.url, shareSocket: true })));
    const [first, second, third] = tabs as [Inbox, Inbox, Inbox];
    for (const tab of tabs) await until(tab, 'live', isLive);
    await joe.send(...numbered(1, 5));
    for (const tab of tabs) await until(tab, 'told', ({ unreadCount }) => unreadCount === 5);
    expect(link.connections).toBe(1);

    const id = second.getSnapshot().messages[0]?.id ?? '';
    await second.markRead([id]);
    for (const tab of tabs) await until(tab, 'read', ({ unreadCount }) => unreadCount === 4);

    first.close();
    expect(first.getSnapshot().status).toBe('closed');
    await joe.send(...numbered(6, 9));
    for (const tab of [second, third])
      expect(bodies(await until(tab, 'goes on', ({ messages }) => messages.length === 9))).toEqual(
        numbered(1, 9),
      );
    await third.markAllRead();
    await until(second, 'all read', ({ unreadCount }) => unreadCount === 0);
    await expect(second.markRead(['msg_none'])).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect.poll(() => link.connections).toBe(1);
  });
});
