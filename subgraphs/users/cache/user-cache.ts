/**
 * What a process remembers of users, kept current by the invalidation bus: who exists, recipients with all that
 * planning needs, and groups that have a member. Only what is there is remembered: what is not there may be made in
 * the next moment.
 *
 * A change is seen at once by the process that makes it, and by the others when Redis has carried the message
 * (milliseconds). While the bus is not live nothing is answered from here, so that a change is not missed longer than
 * the bus takes to notice (3 s). Only a process that ends between its write and its message leaves the others with
 * the old answer for the greatest age.
 */
import { LRUCache } from 'lru-cache';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import type { QuietHours } from '../../../platform/quiet-hours/quiet-hours.ts';
import type { Recipient } from '../contract.ts';
import { GroupMembers } from './group-members.ts';
import { ReadsUnderWay, type ReadUnderWay } from './reads-under-way.ts';
import { weightOf } from './recipient-weight.ts';

/** See above: how long a change may be missed that was stored and never told. */
const MAX_AGE_MS = 30_000;
/** About 170 bytes each when full. */
const MAX_KNOWN = 200_000;
/** Of recipients, estimated; 20,000 to 40,000 usual ones. */
const MAX_RECIPIENT_BYTES = 32 * 2 ** 20;
/** About 400 bytes each when full. */
const MAX_GROUPS = 20_000;
const MAX_WORKSPACES = 1_000;
const ONE = { size: 1 };

// `maxSize` and not `max`: for that the library takes the memory of a full cache at once.
const bounded = <Value extends NonNullable<unknown>>(maxSize: number) =>
  new LRUCache<string, Value>({ maxSize, ttl: MAX_AGE_MS, ttlResolution: 1_000 });

export class UserCache {
  readonly #bus: Pick<InvalidationBus, 'live'>;
  readonly #reads = new ReadsUnderWay();
  readonly #known = bounded<true>(MAX_KNOWN);
  readonly #recipients = bounded<Recipient>(MAX_RECIPIENT_BYTES);
  readonly #groups = new GroupMembers(MAX_GROUPS, MAX_AGE_MS);

  /** By workspace. A recipient is remembered with them. */
  readonly #usualQuietHours = bounded<{ readonly hours: QuietHours | null }>(MAX_WORKSPACES);

  constructor(bus: Pick<InvalidationBus, 'live' | 'onInvalidation'>) {
    this.#bus = bus;
    bus.onInvalidation(
      ({ topic, key }) => {
        if (topic === 'user') this.#forget(key);
        // Seldom: it is not known who of the remembered ones is of the workspace.
        if (topic === 'workspace') this.#forgetAll();
      },
      () => this.#forgetAll(),
    );
  }

  /** Those of the scoped keys of users that are not known to exist. */
  unknown(keys: readonly string[]): readonly string[] {
    if (!this.#bus.live) return keys;
    return keys.filter((key) => this.#known.get(key) === undefined);
  }

  /** Shared by all who ask: not to be changed. */
  recipient(key: string): Recipient | undefined {
    return this.#bus.live ? this.#recipients.get(key) : undefined;
  }

  /** Null: the workspace has none; undefined: not known. */
  usualQuietHours(workspace: string): QuietHours | null | undefined {
    return this.#bus.live ? this.#usualQuietHours.get(workspace)?.hours : undefined;
  }

  keepUsualQuietHours(read: ReadUnderWay, workspace: string, hours: QuietHours | undefined): void {
    if (read.mayKeep(workspace)) this.#usualQuietHours.set(workspace, { hours: hours ?? null }, ONE);
  }

  hasMember(groupKey: string): boolean {
    return this.#bus.live && this.#groups.has(groupKey);
  }

  /** The scoped key of one who was in the group the last time. */
  lastMember(groupKey: string): string | undefined {
    return this.#groups.last(groupKey);
  }

  /** Before a query whose answer is to be remembered. */
  beginRead(): ReadUnderWay {
    return this.#reads.begin();
  }

  keepKnown(read: ReadUnderWay, keys: Iterable<string>): void {
    for (const key of keys) if (read.mayKeep(key)) this.#known.set(key, true, ONE);
  }

  /** @param attributeChars length of the attributes as JSON text. */
  keepRecipient(read: ReadUnderWay, key: string, recipient: Recipient, attributeChars: number): void {
    if (read.mayKeep(key))
      this.#recipients.set(key, recipient, { size: weightOf(recipient, attributeChars) });
  }

  /** @param member the scoped key of one who is in the group. */
  keepMember(read: ReadUnderWay, groupKey: string, member: string): void {
    if (read.mayKeep(member)) this.#groups.set(groupKey, member);
  }

  #forget(key: string): void {
    this.#reads.changed(key);
    this.#known.delete(key);
    this.#recipients.delete(key);
    this.#groups.forgetMember(key);
  }

  #forgetAll(): void {
    this.#reads.allChanged();
    this.#known.clear();
    this.#recipients.clear();
    this.#usualQuietHours.clear();
    this.#groups.clear();
  }
}
