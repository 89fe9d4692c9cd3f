/** A process that puts messages into inboxes with the product's own store: `node inbox-writer.ts`, see its environment. */
import { inAppPage, notification, openStore } from '../../subgraphs/notifications/testing/open-store.ts';

const {
  MONGODB_URI = '',
  REDIS_URL = '',
  NAMESPACE = '',
  WRITER = '',
  USERS = '',
  MESSAGES = '',
} = process.env;
/** Messages that one transaction stores. */
const AT_ONCE = 5;

const store = await openStore({ mongodbUri: MONGODB_URI, redisUrl: REDIS_URL, namespace: NAMESPACE });
const users = USERS.split(',');
const total = Number(MESSAGES);
for (let written = 0; written < total; ) {
  const recipients = users
    .map((user) => ({ user, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .slice(0, Math.min(AT_ONCE, total - written))
    .map(({ user }) => user);
  const record = notification({
    to: recipients.map((user) => ({ user })),
    content: { body: `${WRITER}:${written}` },
  });
  await store.models.raw.notifications.insertOne(record);
  await store.outbox.storePlans([inAppPage(record, recipients)], new Date());
  written += recipients.length;
}
await store.close();
