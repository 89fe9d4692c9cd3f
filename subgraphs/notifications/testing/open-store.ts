/** For tests: the subgraph's store on real data services, and records to put into it. */
import { pino } from 'pino';
import { EventLog } from '../../../platform/event-log/event-log.ts';
import { newId } from '../../../platform/names/ids.ts';
import { redisNames } from '../../../platform/names/redis-names.ts';
import { DispatchQueues } from '../../../platform/queues/queues.ts';
import { connectMongo } from '../../../platform/storage/mongo.ts';
import { connectRedis, whenReady } from '../../../platform/storage/redis.ts';
import { InboxPublisher } from '../inbox/inbox-publisher.ts';
import { InboxService } from '../inbox/inbox-service.ts';
import { MongoOutbox } from '../outbox/outbox.ts';
import type { PlanPage } from '../outbox/plan-page.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import { notificationModels, prepareStore } from '../store/models.ts';

export const silent = pino({ level: 'silent' });

export type OpenStore = Awaited<ReturnType<typeof openStore>>;

export async function openStore(services: { mongodbUri: string; redisUrl: string; namespace: string }) {
  const connection = await connectMongo(services.mongodbUri, silent);
  const redis = connectRedis(services.redisUrl, 'commands', silent);
  const subscriber = connectRedis(services.redisUrl, 'subscriber', silent);
  const blocking = connectRedis(services.redisUrl, 'blocking', silent);
  await Promise.all([redis, subscriber, blocking].map((r) => whenReady(r)));
  const names = redisNames(services.namespace);
  const models = notificationModels(connection);
  await prepareStore(models);
  const events = new EventLog(redis, names.events, silent);
  const publisher = new InboxPublisher(redis, names, silent);
  const queues = new DispatchQueues(redis, names.queuePrefix);
  return {
    connection,
    redis,
    subscriber,
    blocking,
    names,
    models,
    events,
    queues,
    publisher,
    inbox: new InboxService({ connection, models, publisher, events, log: silent }),
    outbox: new MongoOutbox({ connection, models, events, inbox: publisher, log: silent }),
    close: async () => {
      await queues.close();
      for (const r of [redis, subscriber, blocking]) r.disconnect();
      await connection.close();
    },
  };
}

/** An accepted notification, ready to be planned. */
export function notification(changes: Partial<NotificationRecord> = {}): NotificationRecord {
  const _id = changes._id ?? newId('ntf');
  // Due by the shared clock as well, which may be a millisecond behind.
  const now = new Date(Date.now() - 10);
  return {
    _id,
    workspace: 'default',
    app: 'app_test',
    idem: `default|app_test|${_id}`,
    state: 'ACCEPTED',
    priority: 'MEDIUM',
    content: { body: 'Hello' },
    to: [{ user: 'ann' }],
    channels: [],
    createdAt: now,
    dueAt: now,
    nextAttemptAt: now,
    lane: changes.priority ?? 'MEDIUM',
    planned: false,
    ...changes,
  };
}

/** A plan of one in-app delivery for each user. */
export const inAppPage = (record: NotificationRecord, users: readonly string[]): PlanPage => ({
  notification: record,
  deliveries: users.map((user) => ({
    channel: 'IN_APP',
    user,
    content: { body: `for ${user}`, locale: 'en' },
  })),
});

/** A plan of one e-mail for each address. */
export const emailPage = (record: NotificationRecord, addresses: readonly string[]): PlanPage => ({
  notification: record,
  deliveries: addresses.map((address) => ({
    channel: 'EMAIL',
    address,
    content: { body: 'Hello', locale: 'en' },
  })),
});
