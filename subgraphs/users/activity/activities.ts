/**
 * Writes down what people do with messages, on their own documents, where planning reads it without a further query.
 * Opens and clicks are rare beside sends; they are noted and written together within a second, never on anybody's
 * way. Counts are about right: what a process had noted and not written when it was killed is not in them, and what
 * was written without an answer may be in them twice.
 */
import type { Collection, Connection } from 'mongoose';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { type HeraldEvent, isDeliveryEvent } from '../../../platform/event-log/events.ts';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { scopedKey } from '../../../platform/names/ids.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import type { UserDocument } from '../store/records.ts';
import { afterEngagements, type Engagement, type Engagements, together } from './activity.ts';

const FLUSH_MS = 500;
/** Users in one write. */
const MAX_GROUP = 500;
/** Users who wait; beyond that others are left out of the counts. */
const MAX_WAITING = 50_000;

const KINDS: Partial<Record<HeraldEvent['type'], Engagement>> = {
  'delivery.opened': 'opened',
  'delivery.clicked': 'clicked',
};

export class Activities {
  readonly #connection: Connection;
  readonly #users: Collection<UserDocument>;
  readonly #bus: Pick<InvalidationBus, 'invalidate'>;
  readonly #log: Logger;
  readonly #flushMs: number;
  /** By scoped key of the user. */
  readonly #waiting = new Map<string, Engagements>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #closed = false;

  constructor(deps: {
    readonly connection: Connection;
    readonly users: Collection<UserDocument>;
    readonly bus: Pick<InvalidationBus, 'invalidate'>;
    readonly log: Logger;
    /** For tests. */
    readonly flushMs?: number;
  }) {
    this.#connection = deps.connection;
    this.#users = deps.users;
    this.#bus = deps.bus;
    this.#log = deps.log;
    this.#flushMs = deps.flushMs ?? FLUSH_MS;
  }

  /** Takes those of the events that say what users did. Never throws, and writes later. */
  engaged(events: readonly HeraldEvent[]): void {
    if (this.#closed) return;
    for (const event of events) {
      const kind = KINDS[event.type];
      if (kind === undefined || !isDeliveryEvent(event) || event.user === undefined) continue;
      this.#note(scopedKey(event.workspace, event.user), { [kind]: { count: 1, at: new Date(event.at) } });
    }
    this.#schedule();
  }

  /** Writes what waits; once more where that fails. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#writing;
    for (let failures = 0; this.#waiting.size > 0 && failures < 2; )
      if (!(await this.#write())) failures += 1;
  }

  #note(key: string, told: Engagements): void {
    const known = this.#waiting.get(key);
    if (known || this.#waiting.size < MAX_WAITING)
      this.#waiting.set(key, known ? together(known, told) : told);
  }

  #schedule(): void {
    if (this.#timer || this.#closed || this.#waiting.size === 0) return;
    this.#timer = setTimeout(() => {
      this.#writing = this.#write().then(() => {
        this.#timer = undefined;
        this.#writing = undefined;
        this.#schedule();
      });
    }, this.#flushMs);
    this.#timer.unref();
  }

  /** A group of those that wait. @returns whether it is written; else it waits again. */
  async #write(): Promise<boolean> {
    const group = new Map([...this.#waiting].slice(0, MAX_GROUP));
    for (const key of group.keys()) this.#waiting.delete(key);
    try {
      await this.#store(group);
    } catch (error) {
      for (const [key, told] of group) this.#note(key, told);
      this.#log.warn({ err: error }, 'what users opened is not written down; trying again');
      return false;
    }
    // What conditions say of them counts at once.
    await this.#bus.invalidate(...[...group.keys()].map((key) => ({ topic: 'user' as const, key })));
    return true;
  }

  /** Users who are gone are left out. */
  async #store(group: ReadonlyMap<string, Engagements>): Promise<void> {
    const now = sharedDate();
    // Two processes may count for the same user.
    await inTransaction(this.#connection, async (session) => {
      const found = await this.#users
        .find({ _id: { $in: [...group.keys()] } }, { session, projection: { activity: 1 } })
        .toArray();
      if (found.length === 0) return;
      await this.#users.bulkWrite(
        found.map(({ _id, activity }) => ({
          updateOne: {
            filter: { _id },
            update: { $set: { activity: afterEngagements(activity, group.get(_id) ?? {}, now) } },
          },
        })),
        { session, ordered: true },
      );
    });
  }
}
