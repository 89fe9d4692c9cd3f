/** Browsers that take web push, and phones that take push messages. */
import { notFound } from '../../../platform/errors/herald-error.ts';
import type { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import { derivedId, scopedKey } from '../../../platform/names/ids.ts';
import type { DeviceChannel, PushDevice } from '../contract.ts';
import { type CheckedDevice, checkDevice, type DeviceInput, normalToken } from '../input/device-input.ts';
import {
  checkPushSubscription,
  checkUserAgent,
  type PushSubscription,
} from '../input/push-subscription-input.ts';
import { againWhenRaced } from '../store/again-when-raced.ts';
import type { UsersModels } from '../store/models.ts';
import type { DeviceDocument, DeviceRecord } from '../store/records.ts';

/** Of one user, browsers and phones together; registering a further one drops the one that was registered longest ago. */
export const MAX_DEVICES_PER_USER = 50;

export class Devices {
  readonly #models: UsersModels;
  readonly #bus: InvalidationBus;

  constructor(models: UsersModels, bus: InvalidationBus) {
    this.#models = models;
    this.#bus = bus;
  }

  /**
   * The browser is the user's from now on, whoever's it was.
   * @throws HeraldError BAD_USER_INPUT (field `subscription.endpoint` …).
   */
  async register(
    workspace: string,
    user: string,
    subscription: PushSubscription,
    userAgent?: string,
  ): Promise<DeviceRecord> {
    const { endpoint, keys } = checkPushSubscription(subscription);
    if (userAgent !== undefined) checkUserAgent(userAgent);
    return await this.#register(workspace, user, {
      _id: browserId(workspace, endpoint),
      channel: 'WEB_PUSH',
      endpoint,
      set: { ...keys, ...(userAgent !== undefined && { userAgent }) },
    });
  }

  /**
   * The phone (or what else has the token) is the user's from now on, whoever's it was.
   * @throws HeraldError BAD_USER_INPUT (field `device.token` …).
   */
  async registerMobile(workspace: string, user: string, input: DeviceInput): Promise<DeviceRecord> {
    const { token, ...told } = checkDevice(input);
    // What it was called before is not this user's word.
    const absent = TOLD.filter((field) => told[field] === undefined);
    const endpoint = normalToken(token);
    return await this.#register(workspace, user, {
      _id: phoneId(workspace, endpoint),
      channel: 'MOBILE_PUSH',
      endpoint,
      set: told,
      absent,
    });
  }

  async #register(workspace: string, user: string, device: Registration): Promise<DeviceRecord> {
    const { _id, channel, endpoint, set, absent = [] } = device;
    const owner = scopedKey(workspace, user);
    const now = new Date();
    const changed = new Set([owner]);
    try {
      const before = await againWhenRaced(() =>
        this.#models.devices
          .findOneAndUpdate(
            { _id },
            {
              $set: { user: owner, ...set, updatedAt: now, lastSeenAt: now },
              $setOnInsert: { workspace, channel, endpoint, createdAt: now },
              ...(absent.length > 0 && { $unset: Object.fromEntries(absent.map((field) => [field, 1])) }),
            },
            { upsert: true, returnDocument: 'before' },
          )
          .lean(),
      );
      if (before) changed.add(before.user);
      await this.#dropSurplus(owner);
    } finally {
      await this.#usersChanged(changed);
    }
    const saved = await this.#models.devices.findOne({ _id }).lean();
    // Removed by another call meanwhile.
    if (!saved) throw notFound('device', _id);
    return deviceRecord(saved);
  }

  async #dropSurplus(owner: string): Promise<void> {
    const all = await this.#models.devices.find({ user: owner }, { updatedAt: 1 }).lean();
    if (all.length <= MAX_DEVICES_PER_USER) return;
    const surplus = all
      .sort((a, b) => b.updatedAt.getTime() - a.updatedAt.getTime())
      .slice(MAX_DEVICES_PER_USER)
      .map((device) => device._id);
    await this.#models.devices.deleteMany({ _id: { $in: surplus }, user: owner });
  }

  /** Whether the user had registered this browser. */
  removeBrowser(workspace: string, user: string, endpoint: string): Promise<boolean> {
    return this.removeOwn(workspace, user, browserId(workspace, endpoint));
  }

  /** Whether the user had registered it. */
  async removeOwn(workspace: string, user: string, id: string): Promise<boolean> {
    const owner = scopedKey(workspace, user);
    try {
      const { deletedCount } = await this.#models.devices.deleteOne({ _id: id, user: owner });
      return deletedCount > 0;
    } finally {
      await this.#usersChanged([owner]);
    }
  }

  /** The id of this device where it is the user's: named by its id or, of a browser, by its endpoint. */
  async ownId(
    workspace: string,
    user: string,
    device: { readonly id: string } | { readonly endpoint: string },
  ): Promise<string | undefined> {
    const _id = 'id' in device ? device.id : browserId(workspace, device.endpoint);
    const owner = scopedKey(workspace, user);
    return (await this.#models.devices.findOne({ _id, user: owner }, { _id: 1 }).lean())?._id;
  }

  async remove(workspace: string, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const owners = new Set<string>();
    try {
      // Each by itself, because the answer tells whose it was in that moment.
      await Promise.all(
        ids.map(async (id) => {
          const gone = await this.#models.devices.findOneAndDelete({ _id: id, workspace }).lean();
          if (gone) owners.add(gone.user);
        }),
      );
    } finally {
      await this.#usersChanged(owners);
    }
  }

  /** After a write, and after one that failed: it may have been done. */
  async #usersChanged(keys: Iterable<string>): Promise<void> {
    const messages = [...keys].map((key) => ({ topic: 'user' as const, key }));
    if (messages.length > 0) await this.#bus.invalidate(...messages);
  }

  /** By the user's scoped key, oldest first. */
  async ofUsers(keys: readonly string[]): Promise<Map<string, DeviceRecord[]>> {
    const found = await this.#models.devices.find({ user: { $in: [...keys] } }).lean();
    const byUser = new Map<string, DeviceRecord[]>();
    for (const document of found.sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime())) {
      const devices = byUser.get(document.user);
      if (devices) devices.push(deviceRecord(document));
      else byUser.set(document.user, [deviceRecord(document)]);
    }
    return byUser;
  }
}

interface Registration {
  readonly _id: string;
  readonly channel: DeviceChannel;
  readonly endpoint: string;
  readonly set: Partial<Omit<DeviceDocument, '_id'>>;
  readonly absent?: readonly string[];
}

const TOLD = ['name', 'model', 'appVersion'] as const satisfies readonly (keyof CheckedDevice)[];

const browserId = (workspace: string, endpoint: string): string => derivedId('dev', workspace, endpoint);
const phoneId = (workspace: string, token: string): string =>
  derivedId('dev', workspace, 'MOBILE_PUSH', token);

/** What planning needs of it. */
export const pushDevice = ({ id, channel, endpoint, keys, lastSeenAt }: DeviceRecord): PushDevice => ({
  id,
  channel,
  endpoint,
  ...(keys && { keys }),
  lastSeenAt,
});

const deviceRecord = ({
  _id,
  channel = 'WEB_PUSH',
  endpoint,
  p256dh,
  auth,
  userAgent,
  platform = 'WEB',
  name,
  model,
  appVersion,
  createdAt,
  updatedAt,
  lastSeenAt = updatedAt,
}: DeviceDocument): DeviceRecord => ({
  id: _id,
  channel,
  platform,
  endpoint,
  ...(p256dh !== undefined && auth !== undefined && { keys: { p256dh, auth } }),
  ...(userAgent !== undefined && { userAgent }),
  ...(name !== undefined && { name }),
  ...(model !== undefined && { model }),
  ...(appVersion !== undefined && { appVersion }),
  createdAt,
  lastSeenAt,
});
