/** Reads of one request, batched: many references in one answer cost one query. */
import DataLoader from 'dataloader';
import { type RequestContext, requirePrincipal } from '../../../platform/auth/principal.ts';
import { scopedKey } from '../../../platform/names/ids.ts';
import type { Apps } from '../apps/apps.ts';
import type { Credentials } from '../credentials/credentials.ts';
import type { Devices } from '../devices/devices.ts';
import type { Profiles } from '../profiles/profiles.ts';
import {
  type AppRecord,
  appOwner,
  type DeviceRecord,
  type KeyRecord,
  type UserRecord,
} from '../store/records.ts';

export interface Loaders {
  readonly users: DataLoader<string, UserRecord | undefined>;
  readonly apps: DataLoader<string, AppRecord | undefined>;
  /** By user id. */
  readonly devices: DataLoader<string, DeviceRecord[] | undefined>;
  /** By app id. */
  readonly keys: DataLoader<string, KeyRecord[] | undefined>;
}

/** The loaders of a request, all of its caller's workspace. */
export type LoadersOf = (context: RequestContext) => Loaders;

export function createLoaders(room: {
  readonly profiles: Profiles;
  readonly devices: Devices;
  readonly apps: Apps;
  readonly credentials: Credentials;
}): LoadersOf {
  const byContext = new WeakMap<RequestContext, Loaders>();
  return (context) => {
    const known = byContext.get(context);
    if (known) return known;
    const { workspace } = requirePrincipal(context, 'app', 'operator', 'user');
    const user = (id: string) => scopedKey(workspace, id);
    const owner = (app: string) => appOwner(workspace, app);
    const made: Loaders = {
      users: batched((ids) => room.profiles.find(workspace, ids)),
      apps: batched((ids) => room.apps.find(workspace, ids)),
      devices: batched((ids) => room.devices.ofUsers(ids.map(user)), user),
      keys: batched((ids) => room.credentials.listMany(ids.map(owner)), owner),
    };
    byContext.set(context, made);
    return made;
  };
}

// Without DataLoader's memory: a request may write between two reads, and a subscription keeps its context for hours.
const batched = <Value>(
  load: (ids: readonly string[]) => Promise<Map<string, Value>>,
  keyOf: (id: string) => string = (id) => id,
): DataLoader<string, Value | undefined> =>
  new DataLoader<string, Value | undefined>(
    async (ids) => {
      const found = await load([...new Set(ids)]);
      return ids.map((id) => found.get(keyOf(id)));
    },
    { cache: false, maxBatchSize: 1_000 },
  );
