/**
 * When users and devices were last seen. Signs of life are many and only their minute matters: each user and device is
 * written at most once in ten minutes by a process, many in one write, never on anybody's way. What is lost with a
 * process is told by the next sign.
 */
import { LRUCache } from 'lru-cache';
import type { Collection } from 'mongoose';
import type { Logger } from '../../../platform/logging/logger.ts';
import { scopedKey } from '../../../platform/names/ids.ts';
import type { PushDevice, SignOfLife } from '../contract.ts';

/** How long a sign stands for those that follow it. */
const HOLDS_MS = 10 * 60_000;
const FLUSH_MS = 1_000;
/** In one write, which is one a second: thousands who come back at once are written over some seconds. */
const MAX_GROUP = 500;
/** Beyond that signs are left to the next ones. */
const MAX_WAITING = 50_000;
const MAX_REMEMBERED = 100_000;

/** What is written of both. */
export interface SeenDocument {
  readonly _id: string;
  readonly lastSeenAt?: Date;
}
type SeenCollection = Pick<Collection<SeenDocument>, 'bulkWrite'>;

interface Options {
  readonly holdsMs?: number;
  readonly flushMs?: number;
}

export class LastSeen {
  readonly #users: LastSeenOf;
  readonly #devices: LastSeenOf;
  readonly #log: Logger;
  readonly #flushMs: number;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #closed = false;

  /** @param options for tests. */
  constructor(
    deps: {
      readonly users: SeenCollection;
      readonly devices: SeenCollection;
      readonly log: Logger;
    },
    { holdsMs = HOLDS_MS, flushMs = FLUSH_MS }: Options = {},
  ) {
    this.#users = new LastSeenOf(deps.users, holdsMs);
    this.#devices = new LastSeenOf(deps.devices, holdsMs);
    this.#log = deps.log;
    this.#flushMs = flushMs;
  }

  /** Never throws, and writes later. A device or user who is not there any more stays so. */
  seen({ workspace, user, device }: SignOfLife): void {
    if (this.#closed) return;
    if (user !== undefined) this.#users.note(scopedKey(workspace, user));
    if (device !== undefined) this.#devices.note(device);
    this.#schedule();
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#writing;
    while (this.#users.waits || this.#devices.waits) await this.#write();
  }

  #schedule(): void {
    if (this.#timer || this.#closed || !(this.#users.waits || this.#devices.waits)) return;
    this.#timer = setTimeout(() => {
      this.#writing = this.#write().finally(() => {
        this.#timer = undefined;
        this.#writing = undefined;
        this.#schedule();
      });
    }, this.#flushMs);
    this.#timer.unref();
  }

  async #write(): Promise<void> {
    try {
      await Promise.all([this.#users.write(), this.#devices.write()]);
    } catch (error) {
      this.#log.warn({ err: error }, 'last seen: not written down; the next sign tells again');
    }
  }
}

/** Of one collection. */
class LastSeenOf {
  readonly #collection: SeenCollection;
  readonly #noted: LRUCache<string, true>;
  readonly #waiting = new Map<string, Date>();

  constructor(collection: SeenCollection, holdsMs: number) {
    this.#collection = collection;
    // `maxSize` and not `max`: for that the library takes the memory of a full cache at once.
    this.#noted = new LRUCache({ maxSize: MAX_REMEMBERED, ttl: holdsMs, ttlResolution: 1_000 });
  }

  get waits(): boolean {
    return this.#waiting.size > 0;
  }

  note(_id: string): void {
    if (this.#noted.has(_id) || this.#waiting.size >= MAX_WAITING) return;
    this.#noted.set(_id, true, { size: 1 });
    this.#waiting.set(_id, new Date());
  }

  /** A group of those that wait. @throws what MongoDB throws; then their next signs count again. */
  async write(): Promise<void> {
    const group = [...this.#waiting].slice(0, MAX_GROUP);
    if (group.length === 0) return;
    for (const [_id] of group) this.#waiting.delete(_id);
    try {
      await this.#collection.bulkWrite(
        group.map(([_id, lastSeenAt]) => ({
          updateOne: { filter: { _id }, update: { $max: { lastSeenAt } } },
        })),
        { ordered: false },
      );
    } catch (error) {
      for (const [_id] of group) this.#noted.delete(_id);
      throw error;
    }
  }
}

/** The latest of what is known of a user and of the user's devices; null where nothing is. Pure. */
export function latestOf(
  own: Date | undefined,
  devices: readonly Pick<PushDevice, 'lastSeenAt'>[],
): Date | null {
  const times = devices.map(({ lastSeenAt }) => lastSeenAt.getTime());
  if (own) times.push(own.getTime());
  return times.length === 0 ? null : new Date(Math.max(...times));
}
