/** What the resolvers work with, and the loaders of one request. */
import DataLoader from 'dataloader';
import type { Redis } from 'ioredis';
import type { Connection } from 'mongoose';
import type { RequestContext } from '../../../platform/auth/principal.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { RedisNames } from '../../../platform/names/redis-names.ts';
import type { PresenceKeeper } from '../../../platform/presence/presence-keeper.ts';
import type { PresenceReader } from '../../../platform/presence/presence-reader.ts';
import type { DispatchQueues } from '../../../platform/queues/queues.ts';
import type { TemplatesService } from '../../templates/index.ts';
import type { UsersService } from '../../users/index.ts';
import type { AcceptService } from '../accept/accept.ts';
import type { PlanEnqueuer } from '../accept/plan-enqueuer.ts';
import type { RateLimiter } from '../flow/rate-limiter.ts';
import type { InboxService } from '../inbox/inbox-service.ts';
import type { FeedHub } from '../live/feed-hub.ts';
import type { InboxHub } from '../live/inbox-hub.ts';
import type { OtpService } from '../otp/otp-service.ts';
import type { ProviderAccountService } from '../provider-accounts/account-service.ts';
import type { ReadService } from '../read/read-service.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import type { SandboxStore } from '../sandbox/sandbox-store.ts';
import type { NotificationModels } from '../store/models.ts';

export interface ResolverDeps {
  readonly connection: Connection;
  readonly models: NotificationModels;
  readonly accept: AcceptService;
  readonly enqueuer: PlanEnqueuer;
  readonly templates: TemplatesService;
  readonly users: Pick<UsersService, 'recipients'>;
  readonly rateLimiter: RateLimiter;
  readonly events: EventLog;
  readonly queues: DispatchQueues;
  readonly redis: Redis;
  readonly names: RedisNames;
  readonly otps: OtpService;
  readonly providerAccounts: ProviderAccountService;
  /** Most ids in one queue job. */
  readonly chunkSize: number;
  readonly presence: Pick<PresenceKeeper, 'enter'>;
  readonly online: PresenceReader['online'];
  readonly inbox: InboxService;
  readonly inboxHub: InboxHub;
  readonly feedHub: FeedHub;
  readonly read: ReadService;
  readonly sandbox: SandboxStore;
  readonly consoleApp: (workspace: string) => string;
  readonly log: Logger;
}

interface Loaders {
  readonly notifications: DataLoader<string, NotificationRecord | undefined>;
  readonly deliveries: DataLoader<string, DeliveryRecord | undefined>;
}

/** One set of loaders per request: what one request reads is read once, in batches. */
export function loadersOf(read: ReadService): (context: RequestContext) => Loaders {
  const byContext = new WeakMap<RequestContext, Loaders>();
  return (context) => {
    let loaders = byContext.get(context);
    if (!loaders) {
      loaders = {
        notifications: new DataLoader((ids) => read.notifications(ids)),
        deliveries: new DataLoader((ids) => read.deliveries(ids)),
      };
      byContext.set(context, loaders);
    }
    return loaders;
  };
}
