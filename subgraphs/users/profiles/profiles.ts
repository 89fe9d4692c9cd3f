/** Users: their profiles, groups and preferences. */
import { LRUCache } from 'lru-cache';
import type { Collection } from 'mongoose';
import { HeraldError } from '../../../platform/errors/herald-error.ts';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import { scopedKey } from '../../../platform/names/ids.ts';
import type { Preference, Recipient, UserProfile } from '../contract.ts';
import type { Devices } from '../devices/devices.ts';
import { type CheckedUser, checkUser, checkUsers } from '../input/user-input.ts';
import { againWhenRaced } from '../store/again-when-raced.ts';
import type { UserDocument, UserRecord } from '../store/records.ts';
import { KnownUsers } from './known-users.ts';

/** Replaced by an upsert: one that the caller leaves out is gone. */
const OPTIONAL_FIELDS = ['name', 'locale', 'timezone', 'email', 'phone'] as const;
/** How long a group that had a member is not asked for again. */
const GROUP_HAS_MEMBERS_FOR_MS = 5_000;

export class Profiles {
  readonly #users: Collection<UserDocument>;
  readonly #devices: Devices;
  readonly #bus: InvalidationBus;
  readonly #known: KnownUsers;
  readonly #groupsWithMembers = new LRUCache<string, true>({ max: 10_000, ttl: GROUP_HAS_MEMBERS_FOR_MS });

  /** @param users the driver's collection: these are hot paths, and what is written has been checked. */
  constructor(users: Collection<UserDocument>, devices: Devices, bus: InvalidationBus) {
    this.#users = users;
    this.#devices = devices;
    this.#bus = bus;
    this.#known = new KnownUsers(users);
    bus.onInvalidation(
      ({ topic, key }) => {
        if (topic === 'user') this.#known.forget(key);
      },
      () => this.#known.forgetAll(),
    );
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
    await againWhenRaced(() => this.#users.bulkWrite(writes, { ordered: false }));
    const keys = checked.map((user) => scopedKey(workspace, user.id));
    await this.#bus.invalidate(...keys.map((key) => ({ topic: 'user' as const, key })));
    this.#known.add(keys);
    const saved = await this.find(
      workspace,
      checked.map((user) => user.id),
    );
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

  async recipients(workspace: string, ids: readonly string[]): Promise<Map<string, Recipient>> {
    if (ids.length === 0) return new Map();
    const [users, devices] = await Promise.all([
      this.find(workspace, ids),
      this.#devices.ofUsers(ids.map((id) => scopedKey(workspace, id))),
    ]);
    const recipients = new Map<string, Recipient>();
    for (const [id, user] of users)
      recipients.set(id, {
        ...user,
        devices: (devices.get(scopedKey(workspace, id)) ?? []).map(({ id: device, endpoint, keys }) => ({
          id: device,
          endpoint,
          keys,
        })),
      });
    return recipients;
  }

  async missing(workspace: string, ids: readonly string[]): Promise<string[]> {
    const missing = await this.#known.missing(ids.map((id) => scopedKey(workspace, id)));
    return missing.size === 0 ? [] : [...new Set(ids)].filter((id) => missing.has(scopedKey(workspace, id)));
  }

  async emptyGroups(workspace: string, groups: readonly string[]): Promise<string[]> {
    const answers = await Promise.all(
      [...new Set(groups)].map(async (group) => ((await this.#hasMember(workspace, group)) ? [] : [group])),
    );
    return answers.flat();
  }

  async #hasMember(workspace: string, group: string): Promise<boolean> {
    const groupKey = scopedKey(workspace, group);
    if (this.#groupsWithMembers.get(groupKey)) return true;
    const found = await this.#users
      .find({ groupKeys: groupKey }, { projection: { _id: 1 } })
      .limit(1)
      .toArray();
    if (found.length > 0) this.#groupsWithMembers.set(groupKey, true);
    return found.length > 0;
  }

  async groupMembers(
    workspace: string,
    group: string,
    after: string | undefined,
    limit: number,
  ): Promise<string[]> {
    const groupKeys = scopedKey(workspace, group);
    const filter =
      after === undefined ? { groupKeys } : { groupKeys, _id: { $gt: scopedKey(workspace, after) } };
    const found = await this.#users
      .find(filter, { projection: { id: 1 } })
      .sort({ _id: 1 })
      .limit(limit)
      .toArray();
    return found.map((user) => user.id);
  }

  /** @throws HeraldError NOT_FOUND (field `user`). */
  async setPreferences(workspace: string, id: string, preferences: Preference[]): Promise<UserRecord> {
    const key = scopedKey(workspace, id);
    const saved = await this.#users.findOneAndUpdate(
      { _id: key },
      { $set: { preferences, updatedAt: new Date() } },
      { returnDocument: 'after' },
    );
    if (!saved) throw new HeraldError('NOT_FOUND', `There is no user "${id}".`, { field: 'user' });
    await this.#bus.invalidate({ topic: 'user', key });
    return userRecord(saved);
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
  ...fields
}: UserDocument): UserRecord {
  return {
    ...fields,
    attributes: JSON.parse(attributes) as Record<string, unknown>,
    preferredChannels: fields.preferredChannels.length > 0 ? fields.preferredChannels : ['IN_APP'],
  };
}
