/** The one door of the notifications subgraph. */
import { readFileSync } from 'node:fs';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/index.js';
import { parse } from 'graphql';
import type { Redis } from 'ioredis';
import type { Connection } from 'mongoose';
import { loadSettings } from '../../platform/config/settings.ts';
import type { EventLog } from '../../platform/event-log/event-log.ts';
import type { Subgraph } from '../../platform/graphql/subgraph.ts';
import type { InvalidationBus } from '../../platform/invalidation/invalidation-bus.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { RedisNames } from '../../platform/names/redis-names.ts';
import { PresenceKeeper } from '../../platform/presence/presence-keeper.ts';
import { PresenceReader } from '../../platform/presence/presence-reader.ts';
import type { DispatchQueues } from '../../platform/queues/queues.ts';
import { SecretBox } from '../../platform/secrets/secret-box.ts';
import type { TemplatesService } from '../templates/index.ts';
import type { UsersService } from '../users/index.ts';
import { AcceptService } from './accept/accept.ts';
import { PlanEnqueuer } from './accept/plan-enqueuer.ts';
import type { AlertRule } from './alerts/raise-alerts.ts';
import { type AlertsRunning, startAlerts } from './alerts/start-alerts.ts';
import type { Outbox } from './contract.ts';
import { Admission, type QueueLimits, queueLimitsOf } from './flow/admission.ts';
import { RateLimiter } from './flow/rate-limiter.ts';
import { InboxPublisher } from './inbox/inbox-publisher.ts';
import { InboxService } from './inbox/inbox-service.ts';
import { FeedHub } from './live/feed-hub.ts';
import { InboxHub } from './live/inbox-hub.ts';
import { CodeHasher } from './otp/code-hash.ts';
import { CodeStore } from './otp/code-store.ts';
import { type OtpLimits, otpLimitsOf } from './otp/otp-rules.ts';
import { OtpService } from './otp/otp-service.ts';
import { MongoOutbox } from './outbox/outbox.ts';
import { ProviderAccountService } from './provider-accounts/account-service.ts';
import { ProviderAccountStore } from './provider-accounts/account-store.ts';
import { ReadService } from './read/read-service.ts';
import { ReceiptStore } from './receipts/receipt-store.ts';
import { notificationResolvers } from './resolvers/resolvers.ts';
import { SandboxStore } from './sandbox/sandbox-store.ts';
import { notificationModels, prepareStore } from './store/models.ts';

export type * from './contract.ts';
export { hasTitle } from './otp/built-in-text.ts';
export { contentWithCode, textWithoutCode } from './otp/code.ts';
export { deliveryId, deliveryOfPlan } from './outbox/delivery-of-plan.ts';
export type {
  AllowedHours,
  ProviderAccountRecord,
  ProviderDefinitionRecord,
} from './provider-accounts/account-record.ts';
export { answerTest, type ProviderTestResult } from './provider-accounts/test-account.ts';
export type { CodeStore, ProviderAccountStore, QueueLimits, SandboxStore };
export { otpLimitsOf, queueLimitsOf };

/** What the dispatcher uses of this subgraph. */
export interface NotificationsStore {
  readonly outbox: Outbox;
  readonly sandbox: SandboxStore;
  readonly receipts: ReceiptStore;
  /** The codes of one-time passwords that may still be sent. */
  readonly codes: CodeStore;
  readonly providerAccounts: ProviderAccountStore;
  /** Watches over dead letters from now on; one process at a time does, the others stand by. */
  startAlerts(rule: AlertRule): AlertsRunning;
}

/** The store without the graph: for the dispatcher and the scheduler. */
export async function openNotificationsStore(deps: {
  connection: Connection;
  redis: Redis;
  names: RedisNames;
  events: EventLog;
  log: Logger;
}): Promise<NotificationsStore> {
  const models = notificationModels(deps.connection);
  await prepareStore(models);
  const inbox = new InboxPublisher(deps.redis, deps.names, deps.log);
  return {
    outbox: new MongoOutbox({
      connection: deps.connection,
      models,
      events: deps.events,
      inbox,
      log: deps.log,
    }),
    sandbox: new SandboxStore(deps.redis, deps.names),
    receipts: new ReceiptStore({ ...deps, models }),
    codes: new CodeStore(models),
    providerAccounts: new ProviderAccountStore(models),
    startAlerts: (rule) => startAlerts({ ...deps, models, rule }),
  };
}

/**
 * The subgraph.
 * @param subscriber a connection for pub/sub of this subgraph alone.
 * @param blocking a connection for following the event log, of this subgraph alone.
 * @param appInWhoseNameOperatorsSend the id of a workspace's built-in app.
 */
export async function createNotificationsSubgraph(deps: {
  connection: Connection;
  redis: Redis;
  subscriber: Redis;
  blocking: Redis;
  names: RedisNames;
  events: EventLog;
  queues: DispatchQueues;
  users: UsersService;
  templates: TemplatesService;
  appInWhoseNameOperatorsSend: (workspace: string) => string;
  chunkSize: number;
  /** Sends are refused when the queues are longer; without them never. */
  queueLimits?: QueueLimits;
  /** Tells dispatchers of changed provider accounts. */
  bus: Pick<InvalidationBus, 'invalidate'>;
  /** HERALD_SECRET_KEY: what provider accounts' credentials and one-time passwords are encrypted with. */
  secretKey: string;
  /** Of the settings; their defaults without. */
  otpLimits?: OtpLimits;
  log: Logger;
}): Promise<{ subgraph: Subgraph }> {
  const models = notificationModels(deps.connection);
  await prepareStore(models);
  const enqueuer = new PlanEnqueuer(deps.queues, deps.events, deps.log, deps.chunkSize);
  const admission = deps.queueLimits && new Admission(deps.queues, deps.queueLimits, deps.log);
  const accept = new AcceptService({
    models,
    admission,
    users: deps.users,
    templates: deps.templates,
    enqueuer,
    log: deps.log,
  });
  const box = new SecretBox(deps.secretKey);
  const otps = new OtpService({
    connection: deps.connection,
    models,
    events: deps.events,
    accept,
    users: deps.users,
    box,
    hasher: new CodeHasher(deps.secretKey),
    limits: deps.otpLimits ?? otpLimitsOf(loadSettings({})),
    log: deps.log,
  });
  const publisher = new InboxPublisher(deps.redis, deps.names, deps.log);
  const inbox = new InboxService({ ...deps, models, publisher });
  const inboxHub = new InboxHub(deps.subscriber, deps.names, deps.log);
  const feedHub = new FeedHub(deps.events, deps.blocking);
  const presence = new PresenceKeeper({
    ...deps,
    onPresent: (workspace, user) => deps.users.seen({ workspace, user }),
  });
  const presences = new PresenceReader(deps.redis, deps.names, deps.log);
  const schema = buildSubgraphSchema({
    typeDefs: parse(readFileSync(new URL('./schema.graphql', import.meta.url), 'utf8')),
    resolvers: notificationResolvers({
      connection: deps.connection,
      models,
      accept,
      enqueuer,
      templates: deps.templates,
      rateLimiter: new RateLimiter(deps.redis, deps.names, deps.log),
      events: deps.events,
      queues: deps.queues,
      redis: deps.redis,
      names: deps.names,
      otps,
      providerAccounts: new ProviderAccountService({
        connection: deps.connection,
        models,
        box,
        bus: deps.bus,
      }),
      chunkSize: deps.chunkSize,
      presence,
      online: (workspace, users) => presences.online(workspace, users),
      inbox,
      inboxHub,
      feedHub,
      read: new ReadService(models),
      sandbox: new SandboxStore(deps.redis, deps.names),
      consoleApp: deps.appInWhoseNameOperatorsSend,
      log: deps.log,
    }) as GraphQLResolverMap<unknown>,
  });
  return {
    subgraph: {
      name: 'notifications',
      schema,
      close: async () => {
        await presence.close();
        await admission?.close();
        await accept.close();
        await enqueuer.close();
        await feedHub.close();
      },
    },
  };
}
