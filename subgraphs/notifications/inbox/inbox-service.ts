/** One user's inbox: reading it, and marking messages. */
import type { Connection } from 'mongoose';
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import { scopedKey } from '../../../platform/names/ids.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import type { UsersService } from '../../users/index.ts';
import { ChainFollower, type ChainFollowerDeps } from '../chains/chain-follower.ts';
import type { InboxMessageRecord } from '../records/inbox-message-record.ts';
import type { InboxCounterRecord, NotificationModels } from '../store/models.ts';
import type { InboxPublisher } from './inbox-publisher.ts';
import {
  inboxKey,
  messageKey,
  messagesAfter,
  messagesBefore,
  publicMessageId,
  seqOfPublicId,
} from './message-ids.ts';
import { NONE, type Opened, openDeliveries } from './open-deliveries.ts';

/** Whose inbox. */
export interface InboxOwner {
  readonly workspace: string;
  readonly user: string;
}
export type InboxMark = 'read' | 'unread' | 'archive';

const MAX_IDS = 1_000;
const MARK_ALL_CHUNK = 1_000;

export const inboxOf = (owner: InboxOwner): string => inboxKey(scopedKey(owner.workspace, owner.user));

export class InboxService {
  readonly #connection: Connection;
  readonly #models: NotificationModels;
  readonly #publisher: InboxPublisher;
  readonly #events: EventLog;
  readonly #chains: ChainFollower;
  readonly #users: Pick<UsersService, 'engaged'> | undefined;

  /** @param deps.users is told what users open. */
  constructor(
    deps: ChainFollowerDeps & {
      readonly publisher: InboxPublisher;
      readonly users?: Pick<UsersService, 'engaged'>;
    },
  ) {
    this.#users = deps.users;
    this.#connection = deps.connection;
    this.#models = deps.models;
    this.#publisher = deps.publisher;
    this.#events = deps.events;
    this.#chains = new ChainFollower(deps);
  }

  /** Newest first, archived ones left out. One more than `first` where there are more. */
  async page(
    owner: InboxOwner,
    options: { unreadOnly: boolean; first: number; after?: string },
  ): Promise<InboxMessageRecord[]> {
    const inbox = inboxOf(owner);
    const before = options.after === undefined ? undefined : this.#seq(inbox, options.after, 'after');
    return this.#models.messages
      .find({
        _id: messagesBefore(inbox, before),
        archivedAt: null,
        ...(options.unreadOnly && { readAt: null }),
      })
      .sort({ _id: -1 })
      .limit(options.first + 1)
      .lean<InboxMessageRecord[]>();
  }

  /** Messages with numbers above `seq` (and below `end`), oldest first. */
  async after(owner: InboxOwner, seq: number, limit: number, end?: number): Promise<InboxMessageRecord[]> {
    const inbox = inboxOf(owner);
    const range = messagesAfter(inbox, seq);
    return this.#models.messages
      .find({ _id: end === undefined ? range : { ...range, $lt: messageKey(inbox, end) } })
      .sort({ _id: 1 })
      .limit(limit)
      .lean<InboxMessageRecord[]>();
  }

  async counter(owner: InboxOwner): Promise<{ seq: number; unread: number }> {
    const found = await this.#models.counters.findById(inboxOf(owner)).lean<InboxCounterRecord>();
    return { seq: found?.seq ?? 0, unread: found?.unread ?? 0 };
  }

  /** @throws HeraldError BAD_USER_INPUT naming the id that is not one of this inbox. */
  seqOf(owner: InboxOwner, id: string, field: string): number {
    return this.#seq(inboxOf(owner), id, field);
  }

  /** Marks messages; those that are so already stay as they are. Answers them in the order of `ids`. */
  async mark(owner: InboxOwner, ids: readonly string[], mark: InboxMark): Promise<InboxMessageRecord[]> {
    if (ids.length === 0 || ids.length > MAX_IDS)
      throw badInput('ids', `Give 1 to ${MAX_IDS} message ids; there are ${ids.length}.`);
    const inbox = inboxOf(owner);
    const keys = ids.map((id, index) => messageKey(inbox, this.#seq(inbox, id, `ids.${index}`)));
    const { messages, changed, unread, ...read } = await this.#apply(inbox, keys, mark);
    await this.#publisher.updated(changed, unread);
    await this.#follow(read);
    const byKey = new Map(messages.map((m) => [m._id, m]));
    return keys.map((key, index) => {
      const message = byKey.get(key);
      if (!message) throw badInput(`ids.${index}`, `There is no message "${ids[index]}" in this inbox.`);
      return message;
    });
  }

  /** How many were unread. */
  async markAllRead(owner: InboxOwner): Promise<number> {
    const inbox = inboxOf(owner);
    let total = 0;
    for (;;) {
      const unread = await this.#models.messages
        .find({ _id: messagesBefore(inbox, undefined), readAt: null }, { _id: 1 })
        .sort({ _id: -1 })
        .limit(MARK_ALL_CHUNK)
        .lean<{ _id: string }[]>();
      if (unread.length === 0) return total;
      const applied = await this.#apply(
        inbox,
        unread.map((m) => m._id),
        'read',
      );
      await this.#publisher.updated(applied.changed, applied.unread);
      await this.#follow(applied);
      total += applied.changed.length;
      if (unread.length < MARK_ALL_CHUNK) return total;
    }
  }

  /** What was read for the first time is opened: that can end fallback chains. */
  async #follow({ opened, events }: Opened): Promise<void> {
    void this.#events.append(events);
    this.#users?.engaged(events);
    await this.#chains.follow(opened);
  }

  /** Messages and counter change together, so that the count is never off. */
  async #apply(inbox: string, keys: readonly string[], mark: InboxMark) {
    const now = new Date();
    return inTransaction(this.#connection, async (session) => {
      const before = await this.#models.messages
        .find({ _id: { $in: keys } }, null, { session })
        .lean<InboxMessageRecord[]>();
      const due = before.filter((m) =>
        mark === 'archive' ? m.archivedAt === null : (mark === 'read') === (m.readAt === null),
      );
      // An archived message is out of sight: it does not count as unread.
      const delta = due.reduce((sum, m) => {
        if (mark === 'unread') return sum + (m.archivedAt === null ? 1 : 0);
        return sum - (m.readAt === null && m.archivedAt === null ? 1 : 0);
      }, 0);
      const set =
        mark === 'read' ? { readAt: now } : mark === 'unread' ? { readAt: null } : { archivedAt: now };
      if (due.length > 0)
        await this.#models.raw.messages.updateMany(
          { _id: { $in: due.map((m) => m._id) } },
          { $set: set },
          { session },
        );
      if (delta !== 0)
        await this.#models.raw.counters.updateOne({ _id: inbox }, { $inc: { unread: delta } }, { session });
      const counter = await this.#models.counters
        .findById(inbox, null, { session })
        .lean<InboxCounterRecord>();
      const read =
        mark === 'read' ? await openDeliveries(this.#connection, this.#models, due, now, session) : NONE;
      const changed = due.map((m) => ({ ...m, ...set }));
      const changedKeys = new Set(changed.map((m) => m._id));
      return {
        messages: [...before.filter((m) => !changedKeys.has(m._id)), ...changed],
        changed,
        unread: counter?.unread ?? 0,
        ...read,
      };
    });
  }

  #seq(inbox: string, id: string, field: string): number {
    const seq = seqOfPublicId(inbox, id);
    if (seq === undefined) throw badInput(field, `"${id}" is not a message of this inbox.`);
    return seq;
  }
}

export const messageId = (message: InboxMessageRecord): string => publicMessageId(message._id);
