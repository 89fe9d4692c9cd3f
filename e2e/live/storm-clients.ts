/** Many clients in a process of their own: what they do must not slow down whoever measures. Told by arguments: url, secret, count. */
import { createInbox, type Inbox } from '../../client/browser/inbox.ts';
import { signUserToken } from '../../platform/auth/user-token.ts';
import { DEFAULT_WORKSPACE } from '../../platform/names/ids.ts';
import { until } from '../client/people.ts';

/** What is told, in this order: all are live; all have lost their connection; all are back, when, and what they have. */
export type StormReport =
  | { readonly kind: 'live' | 'offline' }
  | {
      readonly kind: 'back';
      /** By the machine's clock. */
      readonly firstAt: number;
      readonly lastAt: number;
      /** Inboxes by their messages, as JSON. */
      readonly inboxes: Readonly<Record<string, number>>;
    };

/** Clients that connect at a time in the beginning. */
const AT_ONCE = 50;

const [url = '', secret = '', count = ''] = process.argv.slice(2);
const isLive = ({ status }: { readonly status: string }) => status === 'live';
const tell = (report: StormReport) => process.send?.(report);

const clients: Inbox[] = [];
for (let n = 0; n < Number(count); n += AT_ONCE) {
  const some = Array.from({ length: AT_ONCE }, (_, i) => {
    const user = `storm-${n + i}`;
    const inbox = createInbox({
      url,
      token: async () =>
        (await signUserToken(secret, { workspace: DEFAULT_WORKSPACE, user, ttlSeconds: 3_600 })).token,
      shareSocket: false,
      pageSize: 5,
    });
    inbox.start();
    return inbox;
  });
  await Promise.all(some.map((inbox) => until(inbox, 'live', isLive, 60_000)));
  clients.push(...some);
}
tell({ kind: 'live' });
await Promise.all(clients.map((inbox) => until(inbox, 'offline', (now) => !isLive(now), 60_000)));
tell({ kind: 'offline' });
const back: number[] = [];
await Promise.all(
  clients.map(async (inbox) => {
    await until(inbox, 'back', (now) => isLive(now) && now.unreadCount === 1, 120_000);
    back.push(Date.now());
  }),
);
const inboxes: Record<string, number> = {};
for (const inbox of clients) {
  const held = JSON.stringify(inbox.getSnapshot().messages.map(({ body }) => body));
  inboxes[held] = (inboxes[held] ?? 0) + 1;
}
tell({ kind: 'back', firstAt: Math.min(...back), lastAt: Math.max(...back), inboxes });
