/** Reading notifications and deliveries, always within one workspace. */
import type { PipelineStage } from 'mongoose';
import type { Channel, NotificationState, Priority } from '../../../platform/graphql/contract-enums.ts';
import { scopedKey } from '../../../platform/names/ids.ts';
import { digestIdem } from '../digests/digest-record.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { type IdWindow, windowsBefore } from './id-windows.ts';

/** The contract's filter, nulls taken out. */
export interface ListFilter {
  readonly state?: readonly NotificationState[];
  readonly priority?: readonly Priority[];
  readonly channel?: readonly Channel[];
  readonly app?: string;
  readonly user?: string;
  readonly group?: string;
  readonly template?: string;
  readonly event?: string;
  readonly from?: Date;
  readonly to?: Date;
}

/** Counting stops here, so that its cost does not grow with the collection. */
export const COUNT_LIMIT = 10_000;
/** A list with a rare filter may not hold the store up. */
const LIST_TIME_MS = 5_000;
const USER_SCAN = 500;

/**
 * What is in a window, newest first, and then what matches. In two steps, because the embedded servers read the whole
 * collection where one filter names more than the index has; MongoDB makes one of the two.
 */
const stagesOf = (
  workspace: string,
  _id: IdWindow,
  conditions: Record<string, unknown>,
  limit: number,
): PipelineStage[] => [
  { $match: { workspace, _id } },
  { $sort: { _id: -1 } },
  ...(Object.keys(conditions).length > 0 ? [{ $match: conditions }] : []),
  { $limit: limit },
];

/** Of `LIST_TIME_MS`, for several queries one after the other. */
function timeLeft(): () => number {
  const end = performance.now() + LIST_TIME_MS;
  return () => Math.max(1, Math.ceil(end - performance.now()));
}

export class ReadService {
  readonly #models: NotificationModels;
  constructor(models: NotificationModels) {
    this.#models = models;
  }

  /** By bucket: the notification that each digest of these deliveries became; those that are not made yet are not in it. */
  async digestsOf(
    deliveries: readonly Pick<DeliveryRecord, 'digest'>[],
  ): Promise<ReadonlyMap<string, string>> {
    const buckets = [...new Set(deliveries.flatMap(({ digest }) => digest ?? []))];
    if (buckets.length === 0) return new Map();
    const found = await this.#models.raw.notifications
      .find({ idem: { $in: buckets.map(digestIdem) } }, { projection: { digestOf: 1 } })
      .toArray();
    return new Map(found.map(({ _id, digestOf = '' }) => [digestOf, _id]));
  }

  /** In the order of `ids`; undefined for those that are not there. */
  async notifications(ids: readonly string[]): Promise<(NotificationRecord | undefined)[]> {
    const found = await this.#models.notifications.find({ _id: { $in: ids } }).lean<NotificationRecord[]>();
    const byId = new Map(found.map((r) => [r._id, r]));
    return ids.map((id) => byId.get(id));
  }

  async deliveries(ids: readonly string[]): Promise<(DeliveryRecord | undefined)[]> {
    const found = await this.#models.deliveries.find({ _id: { $in: ids } }).lean<DeliveryRecord[]>();
    const byId = new Map(found.map((r) => [r._id, r]));
    return ids.map((id) => byId.get(id));
  }

  /** Newest first, one more than `size` where there are more. */
  async list(
    workspace: string,
    filter: ListFilter,
    size: number,
    after: string | undefined,
  ): Promise<NotificationRecord[]> {
    if (filter.user !== undefined) return this.#listOfUser(workspace, filter, size, after);
    const found: NotificationRecord[] = [];
    const conditions = this.#conditions(filter);
    const time = timeLeft();
    for (const _id of windowsBefore(after, Date.now())) {
      const stages = stagesOf(workspace, _id, conditions, size + 1 - found.length);
      const page = await this.#models.notifications
        .aggregate<NotificationRecord>(stages)
        .option({ maxTimeMS: time() });
      found.push(...page);
      if (found.length > size) break;
    }
    return found;
  }

  /** Exact up to `COUNT_LIMIT`. */
  async count(workspace: string, filter: ListFilter): Promise<number> {
    if (filter.user !== undefined) {
      let total = 0;
      let after: string | undefined;
      while (total < COUNT_LIMIT) {
        const page = await this.#listOfUser(workspace, filter, USER_SCAN, after);
        total += Math.min(page.length, USER_SCAN);
        if (page.length <= USER_SCAN) break;
        after = page[USER_SCAN - 1]?._id;
      }
      return Math.min(total, COUNT_LIMIT);
    }
    const conditions = this.#conditions(filter);
    const time = timeLeft();
    let total = 0;
    for (const _id of windowsBefore(undefined, Date.now())) {
      const stages = stagesOf(workspace, _id, conditions, COUNT_LIMIT - total);
      const [counted] = await this.#models.notifications
        .aggregate<{ count: number }>([...stages, { $count: 'count' }])
        .option({ maxTimeMS: time() });
      total += counted?.count ?? 0;
      if (total >= COUNT_LIMIT) break;
    }
    return total;
  }

  /** A notification's deliveries by id, one more than `size` where there are more. */
  async deliveriesOf(
    notification: string,
    options: { user?: string; size: number; after?: string },
  ): Promise<DeliveryRecord[]> {
    return this.#models.deliveries
      .find({
        notification,
        ...(options.user !== undefined && { user: options.user }),
        ...(options.after !== undefined && { _id: { $gt: options.after } }),
      })
      .sort({ _id: 1 })
      .limit(options.size + 1)
      .lean<DeliveryRecord[]>();
  }

  async countDeliveriesOf(notification: string, user: string | undefined): Promise<number> {
    return this.#models.deliveries
      .countDocuments({ notification, ...(user !== undefined && { user }) })
      .limit(COUNT_LIMIT);
  }

  /** By the deliveries to this user, newest notification first. */
  async #listOfUser(
    workspace: string,
    filter: ListFilter,
    size: number,
    after: string | undefined,
  ): Promise<NotificationRecord[]> {
    const { user, channel, ...rest } = filter;
    const found: NotificationRecord[] = [];
    let position = after;
    const conditions = this.#conditions(rest);
    while (found.length <= size) {
      const deliveries = await this.#models.deliveries
        .find(
          {
            userKey: scopedKey(workspace, user ?? ''),
            ...(position !== undefined && { notification: { $lt: position } }),
            ...(channel && { channel: { $in: channel } }),
          },
          { notification: 1 },
        )
        .sort({ notification: -1 })
        .limit(USER_SCAN)
        .maxTimeMS(LIST_TIME_MS)
        .lean<{ notification: string }[]>();
      if (deliveries.length === 0) break;
      const ids = [...new Set(deliveries.map((d) => d.notification))];
      const page = await this.#models.notifications
        .find({ _id: { $in: ids }, workspace, ...conditions })
        .sort({ _id: -1 })
        .lean<NotificationRecord[]>();
      found.push(...page);
      position = ids.at(-1);
      if (deliveries.length < USER_SCAN) break;
    }
    return found.slice(0, size + 1);
  }

  #conditions(filter: ListFilter): Record<string, unknown> {
    const between = {
      ...(filter.from && { $gte: filter.from }),
      ...(filter.to && { $lt: filter.to }),
    };
    return {
      ...(filter.state && { state: { $in: filter.state } }),
      ...(filter.priority && { priority: { $in: filter.priority } }),
      ...(filter.channel && { usedChannels: { $in: filter.channel } }),
      ...(filter.app !== undefined && { app: filter.app }),
      ...(filter.group !== undefined && { 'to.group': filter.group }),
      ...(filter.template !== undefined && { template: filter.template }),
      ...(filter.event !== undefined && { event: filter.event }),
      ...(Object.keys(between).length > 0 && { createdAt: between }),
    };
  }
}
