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
import { openDirectory, type UsersService } from '../users/index.ts';
import { AcceptService } from './accept/accept.ts';
import { PlanEnqueuer } from './accept/plan-enqueuer.ts';
import type { AlertRule } from './alerts/raise-alerts.ts';
import { type AlertsRunning, startAlerts } from './alerts/start-alerts.ts';
import { type DigestsRunning, startDigests } from './digests/start-digests.ts';
import { cancelByEvent } from './events/cancel-by-event.ts';
import { FollowUps } from './events/follow-ups.ts';
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
import type { Outbox } from './outbox/outbox-steps.ts';
import { ProviderAccountService } from './provider-accounts/account-service.ts';
import { ProviderAccountStore } from './provider-accounts/account-store.ts';
import { ReadService } from './read/read-service.ts';
import { ReceiptStore } from './receipts/receipt-store.ts';
import type { NotificationRecord } from './records/notification-record.ts';
import { notificationResolvers } from './resolvers/resolvers.ts';
import { claimOnce, peekOnce } from './rules/once.ts';
import type { RuleStore } from './rules/rule-store.ts';
import { countMessages, peekMessages } from './rules/throttle.ts';
import { SandboxStore } from './sandbox/sandbox-store.ts';
import { type NotificationModels, notificationModels, prepareStore } from './store/models.ts';

export {
  answerExplanation,
  type ExplainedDelivery,
  type Explanation,
  explainedRecord,
} from './explain/explain-route.ts';
export { hasTitle } from './otp/built-in-text.ts';
export { contentWithCode, textWithoutCode } from './otp/code.ts';
export type * from './outbox/attempt-outcome.ts';
export { deliveryId, deliveryOfPlan } from './outbox/delivery-of-plan.ts';
export type * from './outbox/outbox-steps.ts';
export type * from './outbox/plan-page.ts';
export type {
  AllowedHours,
  ProviderAccountRecord,
  ProviderDefinitionRecord,
} from './provider-accounts/account-record.ts';
export { answerTest, type ProviderTestResult } from './provider-accounts/test-account.ts';
export type * from './receipts/received-receipt.ts';
export type * from './records/delivery-record.ts';
export type * from './records/inbox-message-record.ts';
export type * from './records/notification-record.ts';
export type * from './rules/rule-store.ts';
export type { CodeStore, ProviderAccountStore, QueueLimits, SandboxStore };
export { otpLimitsOf, queueLimitsOf };

/** What the dispatcher uses of this subgraph. */
export interface NotificationsStore {
  readonly outbox: Outbox;
  readonly rules: RuleStore;
  /** What the rules would say, without anything being counted or claimed. */
  readonly peekRules: RuleStore;
  readonly sandbox: SandboxStore;
  readonly receipts: ReceiptStore;
  /** The codes of one-time passwords that may still be sent. */
  readonly codes: CodeStore;
  readonly providerAccounts: ProviderAccountStore;
  /** What events do to others. To be closed. */
  effects(deps: EffectsDeps): EventEffects;
  /** Watches over dead letters from now on; one process at a time does, the others stand by. */
  startAlerts(rule: AlertRule): AlertsRunning;
  /** Makes the digests that are due from now on; one process at a time does, the others stand by. @param chunkSize ids in one job. */
  startDigests(queues: DispatchQueues, chunkSize: number): DigestsRunning;
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
    rules: {
      claimOnce: (claims) => claimOnce(models, claims),
      countMessages: (messages) => countMessages(deps.redis, deps.names, messages),
    },
    peekRules: {
      claimOnce: (claims) => peekOnce(models, claims),
      countMessages: (messages) => peekMessages(deps.redis, deps.names, messages),
    },
    sandbox: new SandboxStore(deps.redis, deps.names),
    receipts: new ReceiptStore({ ...deps, models }),
    codes: new CodeStore(models),
    providerAccounts: new ProviderAccountStore(models),
    effects: (further) => eventEffects({ ...deps, ...further, models }),
    startAlerts: (rule) => startAlerts({ ...deps, models, rule }),
    startDigests: (queues, chunkSize) => startDigests({ ...deps, models, queues, chunkSize }),
  };
}

/** What events do to others, when they are planned. */
export interface EventEffects {
  /**
   * Cancels what this event cancels, and accepts what it brings about. Both idempotent. Costs nothing for other
   * notifications. @throws what the store throws: it is planned again.
   */
  of(record: NotificationRecord): Promise<void>;
  close(): Promise<void>;
}

type EffectsDeps = {
  readonly queues: DispatchQueues;
  readonly users: UsersService;
  readonly templates: TemplatesService;
  readonly chunkSize: number;
};

function eventEffects(
  deps: EffectsDeps & { connection: Connection; models: NotificationModels; events: EventLog; log: Logger },
): EventEffects {
  const enqueuer = new PlanEnqueuer(deps.queues, deps.events, deps.log, deps.chunkSize);
  const cancel = (record: NotificationRecord) => cancelByEvent(deps, record);
  const accept = new AcceptService({ ...deps, enqueuer, cancelByEvent: cancel });
  const followUps = new FollowUps(accept, deps.log);
  return {
    async of(record) {
      if (record.cancels) await cancel(record);
      if (record.followUps) await followUps.of(record);
    },
    async close() {
      await accept.close();
      await enqueuer.close();
    },
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
    cancelByEvent: (record) => cancelByEvent({ ...deps, models }, record),
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
      users: deps.users,
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
        directory: openDirectory(deps.connection),
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
