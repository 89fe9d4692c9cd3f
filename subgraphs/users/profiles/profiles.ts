/** Users: their profiles, groups and preferences. */
import type { Collection, Connection, mongo } from 'mongoose';
import { sharedDate } from '../../../platform/clock/shared-clock.ts';
import { HeraldError } from '../../../platform/errors/herald-error.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import { scopedKey } from '../../../platform/names/ids.ts';
import type { QuietHours } from '../../../platform/quiet-hours/quiet-hours.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import { activityOf } from '../activity/activity.ts';
import type { ReadUnderWay } from '../cache/reads-under-way.ts';
import { UserCache } from '../cache/user-cache.ts';
import type { Preference, Recipient, UserProfile } from '../contract.ts';
import { type Devices, pushDevice } from '../devices/devices.ts';
import { latestOf } from '../devices/last-seen.ts';
import { type CheckedUser, checkUser, checkUsers } from '../input/user-input.ts';
import { withdrawn } from '../input/withdrawn.ts';
import { againWhenRaced } from '../store/again-when-raced.ts';
import type { UserDocument, UserRecord } from '../store/records.ts';
import { KnownUsers } from './known-users.ts';
import { MemberPages } from './member-pages.ts';

/** Replaced by an upsert: one that the caller leaves out is gone. */
const OPTIONAL_FIELDS = ['name', 'locale', 'timezone', 'email', 'phone'] as const;
/** Recipients in one query. */
const RECIPIENTS_PER_QUERY = 1_000;

export class Profiles {
  readonly #connection: Connection;
  readonly #users: Collection<UserDocument>;
  readonly #devices: Devices;
  readonly #bus: InvalidationBus;
  readonly #cache: UserCache;
  readonly #known: KnownUsers;
  readonly #pages: MemberPages;
  readonly #defaultQuietHours: (workspace: string) => Promise<QuietHours | undefined>;

  /**
   * @param users the driver's collection: these are hot paths, and what is written has been checked.
   * @param defaultQuietHours those of a workspace.
   */
  constructor(
    connection: Connection,
    users: Collection<UserDocument>,
    devices: Devices,
    bus: InvalidationBus,
    defaultQuietHours: (workspace: string) => Promise<QuietHours | undefined>,
  ) {
    this.#connection = connection;
    this.#users = users;
    this.#devices = devices;
    this.#bus = bus;
    this.#cache = new UserCache(bus);
    this.#known = new KnownUsers(users, this.#cache);
    this.#pages = new MemberPages(users);
    this.#defaultQuietHours = defaultQuietHours;
  }

  /**
   * Creates or replaces: preferences and devices stay.
   * @returns in the order of the input.
   * @throws HeraldError BAD_USER_INPUT (field `users.3.email` …); nothing is written then.
   */
  async upsert(workspace: string, profiles: readonly UserProfile[]): Promise<UserRecord[]> {
    const checked = checkUsers(profiles);
    const now = new Date();
    const writes = checked.map((user) => ({
      updateOne: { ...upsertOf(workspace, user, now), upsert: true },
    }));
    const ids = checked.map((user) => user.id);
    const keys = ids.map((id) => scopedKey(workspace, id));
    try {
      await againWhenRaced(() => this.#users.bulkWrite(writes, { ordered: false }));
    } finally {
      // Also after a failure: some of it may have been written.
      await this.#bus.invalidate(...keys.map((key) => ({ topic: 'user' as const, key })));
    }
    const read = this.#cache.beginRead();
    const saved = await this.find(workspace, ids).finally(() => read.end());
    this.#cache.keepKnown(read, keys);
    return checked.map(({ id }) => {
      const user = saved.get(id);
      if (!user) throw new Error(`User "${id}" did not come back after it was written`);
      return user;
    });
  }

  /** Creates the user where there is none of this id. */
  async ensure(workspace: string, profile: UserProfile): Promise<void> {
    const now = new Date();
    const { filter, fields } = fieldsOf(workspace, checkUser(profile, 'user'), now);
    const created = { ...fields, preferences: [], createdAt: now };
    await againWhenRaced(() => this.#users.updateOne(filter, { $setOnInsert: created }, { upsert: true }));
  }

  /** By id; those that the workspace does not have are absent. */
  async find(workspace: string, ids: readonly string[]): Promise<Map<string, UserRecord>> {
    const keys = ids.map((id) => scopedKey(workspace, id));
    const found = await this.#users.find({ _id: { $in: keys } }).toArray();
    return new Map(found.map((document) => [document.id, userRecord(document)]));
  }

  /** Shared with other callers: not to be changed. */
  async recipients(workspace: string, ids: readonly string[]): Promise<Map<string, Recipient>> {
    const recipients = new Map<string, Recipient>();
    const rest: string[] = [];
    for (const id of ids) {
      const known = this.#cache.recipient(scopedKey(workspace, id));
      if (known) recipients.set(id, known);
      else rest.push(id);
    }
    const reads: Promise<void>[] = [];
    for (let from = 0; from < rest.length; from += RECIPIENTS_PER_QUERY)
      reads.push(this.#readRecipients(workspace, rest.slice(from, from + RECIPIENTS_PER_QUERY), recipients));
    await Promise.all(reads);
    return recipients;
  }

  async #readRecipients(
    workspace: string,
    ids: readonly string[],
    into: Map<string, Recipient>,
  ): Promise<void> {
    const read = this.#cache.beginRead();
    try {
      for (const { key, recipient, attributeChars } of await this.#load(workspace, ids, read)) {
        into.set(recipient.id, recipient);
        this.#cache.keepRecipient(read, key, recipient, attributeChars);
      }
    } finally {
      read.end();
    }
  }

  async #load(workspace: string, ids: readonly string[], read: ReadUnderWay) {
    const keys = ids.map((id) => scopedKey(workspace, id));
    const [users, devices, usual] = await Promise.all([
      this.#users.find({ _id: { $in: keys } }).toArray(),
      this.#devices.ofUsers(keys),
      this.#usualQuietHours(workspace, read),
    ]);
    return users.map((user) => {
      const own = userRecord(user);
      const devicesOfUser = (devices.get(user._id) ?? []).map(pushDevice);
      // A later sign of life is known to planning when the cache's greatest age is over.
      const lastSeenAt = latestOf(own.lastSeenAt, devicesOfUser);
      const recipient: Recipient = {
        ...own,
        ...(usual && !user.quietHours && { quietHours: usual }),
        ...(lastSeenAt && { lastSeenAt }),
        devices: devicesOfUser,
      };
      return { key: user._id, recipient, attributeChars: user.attributes.length };
    });
  }

  /**
   * The next users of the workspace in the order of their ids, read anew and not remembered: most of them are looked
   * at and left.
   * @returns `after`: where the next ones begin; absent when these are the last.
   */
  async everybody(
    workspace: string,
    after: string | undefined,
    limit: number,
  ): Promise<{ readonly people: readonly Recipient[]; readonly after?: string }> {
    const ids = await this.#pages.read(workspace, undefined, after, limit);
    const last = ids.at(-1);
    if (last === undefined) return { people: [] };
    const read = this.#cache.beginRead();
    try {
      const loaded = await this.#load(workspace, ids, read);
      const byId = new Map(loaded.map(({ recipient }) => [recipient.id, recipient]));
      return {
        people: ids.flatMap((id) => byId.get(id) ?? []),
        ...(ids.length === limit && { after: last }),
      };
    } finally {
      read.end();
    }
  }

  /** The workspace's, with which its users are remembered: when it changes, all of them are forgotten. */
  async #usualQuietHours(workspace: string, read: ReadUnderWay): Promise<QuietHours | undefined> {
    const known = this.#cache.usualQuietHours(workspace);
    if (known !== undefined) return known ?? undefined;
    const found = await this.#defaultQuietHours(workspace);
    this.#cache.keepUsualQuietHours(read, workspace, found);
    return found;
  }

  /** Answers in the same turn, as a rule: almost everybody who is written to is known. */
  missing(workspace: string, ids: readonly string[]): Promise<string[]> {
    const asked = this.#cache.unknown(ids.map((id) => scopedKey(workspace, id)));
    return asked.length === 0 ? Promise.resolve([]) : this.#missingAmong(workspace, ids, asked);
  }

  async #missingAmong(
    workspace: string,
    ids: readonly string[],
    asked: readonly string[],
  ): Promise<string[]> {
    const missing = await this.#known.missing(asked);
    return missing.size === 0 ? [] : [...new Set(ids)].filter((id) => missing.has(scopedKey(workspace, id)));
  }

  emptyGroups(workspace: string, groups: readonly string[]): Promise<string[]> {
    const asked = groups.filter((group) => !this.#cache.hasMember(scopedKey(workspace, group)));
    return asked.length === 0 ? Promise.resolve([]) : this.#emptyAmong(workspace, asked);
  }

  async #emptyAmong(workspace: string, groups: readonly string[]): Promise<string[]> {
    const answers = await Promise.all(
      [...new Set(groups)].map(async (group) => ((await this.#hasMember(workspace, group)) ? [] : [group])),
    );
    return answers.flat();
  }

  async #hasMember(workspace: string, group: string): Promise<boolean> {
    const groupKey = scopedKey(workspace, group);
    const read = this.#cache.beginRead();
    try {
      const last = this.#cache.lastMember(groupKey);
      const found =
        // An engine that does not stop at the first member of a large group would read them all.
        (last !== undefined && (await this.#memberOf(groupKey, { _id: last }))) ||
        (await this.#memberOf(groupKey, {}));
      if (found) this.#cache.keepMember(read, groupKey, found._id);
      return found !== null;
    } finally {
      read.end();
    }
  }

  #memberOf(groupKeys: string, who: { _id?: string }): Promise<Pick<UserDocument, '_id'> | null> {
    return this.#users.findOne({ ...who, groupKeys }, { projection: { _id: 1 } });
  }

  groupMembers(
    workspace: string,
    group: string,
    after: string | undefined,
    limit: number,
  ): Promise<string[]> {
    return this.#pages.read(workspace, group, after, limit);
  }

  /** @throws HeraldError NOT_FOUND (field `user`). */
  async setPreferences(workspace: string, id: string, preferences: Preference[]): Promise<UserRecord> {
    return this.#change(workspace, id, { $set: { preferences, updatedAt: new Date() } });
  }

  /** @param quietHours undefined: none of their own. @throws HeraldError NOT_FOUND (field `user`). */
  async setQuietHours(
    workspace: string,
    id: string,
    quietHours: QuietHours | undefined,
  ): Promise<UserRecord> {
    return this.#change(workspace, id, {
      $set: { updatedAt: new Date(), ...(quietHours && { quietHours }) },
      ...(!quietHours && { $unset: { quietHours: 1 } }),
    });
  }

  async #change(
    workspace: string,
    id: string,
    update: mongo.UpdateFilter<UserDocument>,
  ): Promise<UserRecord> {
    const key = scopedKey(workspace, id);
    const saved = await this.#users
      .findOneAndUpdate({ _id: key }, update, { returnDocument: 'after' })
      // Also after a failure: it may have been written.
      .finally(() => this.#bus.invalidate({ topic: 'user', key }));
    if (!saved) throw new HeraldError('NOT_FOUND', `There is no user "${id}".`, { field: 'user' });
    return userRecord(saved);
  }

  /** See `withdrawn`. @returns whether there is such a user. */
  async withdraw(
    workspace: string,
    id: string,
    channel: Channel,
    category: string | undefined,
  ): Promise<boolean> {
    const key = scopedKey(workspace, id);
    try {
      // What the user says of other categories at the same time must not be lost.
      return await inTransaction(this.#connection, async (session) => {
        const user = await this.#users.findOne({ _id: key }, { session, projection: { preferences: 1 } });
        if (!user) return false;
        const preferences = withdrawn(user.preferences, channel, category);
        await this.#users.updateOne(
          { _id: key },
          { $set: { preferences, updatedAt: new Date() } },
          { session },
        );
        return true;
      });
    } finally {
      await this.#bus.invalidate({ topic: 'user', key });
    }
  }
}

function fieldsOf(workspace: string, user: CheckedUser, now: Date) {
  return {
    filter: { _id: scopedKey(workspace, user.id) },
    fields: {
      ...user,
      workspace,
      groupKeys: user.groups.map((group) => scopedKey(workspace, group)),
      updatedAt: now,
    },
  };
}

function upsertOf(workspace: string, user: CheckedUser, now: Date) {
  const { filter, fields } = fieldsOf(workspace, user, now);
  const absent = OPTIONAL_FIELDS.filter((name) => user[name] === undefined);
  return {
    filter,
    update: {
      $set: fields,
      ...(absent.length > 0 && { $unset: Object.fromEntries(absent.map((name) => [name, 1 as const])) }),
      $setOnInsert: { preferences: [], createdAt: now },
    },
  };
}

function userRecord({
  _id,
  groupKeys,
  createdAt,
  updatedAt,
  attributes,
  activity,
  ...fields
}: UserDocument): UserRecord {
  return {
    ...fields,
    ...(activity !== undefined && activityOf(activity, sharedDate())),
    attributes: JSON.parse(attributes) as Record<string, unknown>,
    preferredChannels: fields.preferredChannels.length > 0 ? fields.preferredChannels : ['IN_APP'],
  };
}
