/** Resolvers of users and their devices. A user sees nobody but themselves. */
import { type RequestContext, requirePrincipal } from '../../../platform/auth/principal.ts';
import { signUserToken } from '../../../platform/auth/user-token.ts';
import { badInput, forbidden, HeraldError, notFound } from '../../../platform/errors/herald-error.ts';
import type { Devices } from '../devices/devices.ts';
import { type LastSeen, latestOf } from '../devices/last-seen.ts';
import type { Resolvers } from '../generated/types.ts';
import { checkPreferences } from '../input/preference-input.ts';
import { checkQuietHours } from '../input/quiet-hours-input.ts';
import type { Profiles } from '../profiles/profiles.ts';
import { checkTtl } from '../tokens/user-tokens.ts';
import { NO_COUNTS } from '../variables/user-variables.ts';
import type { Workspaces } from '../workspaces/workspaces.ts';
import type { LoadersOf } from './loaders.ts';

type UserResolvers = Pick<Resolvers, 'User'> & {
  Query: NonNullable<Resolvers['Query']>;
  Mutation: NonNullable<Resolvers['Mutation']>;
};

export function userResolvers(
  room: {
    readonly profiles: Profiles;
    readonly devices: Devices;
    readonly lastSeen: Pick<LastSeen, 'seen'>;
    readonly workspaces: Workspaces;
    readonly jwtSecret: string;
    readonly vapidPublicKey: string;
  },
  loaders: LoadersOf,
): UserResolvers {
  const { profiles, devices, lastSeen, workspaces } = room;
  return {
    Query: {
      async user(_, { id }, context) {
        const principal = requirePrincipal(context, 'app', 'operator', 'user');
        if (principal.kind === 'user' && principal.user !== id)
          throw forbidden('A user token is for its own user only.');
        const user = await loaders(context).users.load(id);
        if (!user) throw notFound('user', id);
        return user;
      },
      async defaultQuietHours(_, __, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator');
        return (await workspaces.quietHours(workspace)) ?? null;
      },
      // Public by nature: every browser that subscribes gets it.
      vapidPublicKey: () => room.vapidPublicKey,
    },
    Mutation: {
      upsertUsers: (_, { users }, context) =>
        profiles.upsert(requirePrincipal(context, 'app', 'operator').workspace, users),
      setPreferences(_, { user, preferences }, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator', 'user');
        return profiles.setPreferences(workspace, whose(user, context), checkPreferences(preferences));
      },
      setQuietHours(_, { user, quietHours }, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator', 'user');
        return profiles.setQuietHours(workspace, whose(user, context), checkQuietHours(quietHours));
      },
      async setDefaultQuietHours(_, { quietHours }, context) {
        const { workspace } = requirePrincipal(context, 'operator');
        const checked = checkQuietHours(quietHours);
        await workspaces.setQuietHours(workspace, checked);
        return checked ?? null;
      },
      async createUserToken(_, { user, ttlSeconds: ttl }, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator');
        const ttlSeconds = checkTtl(ttl);
        await mustExist(profiles, workspace, user);
        return signUserToken(room.jwtSecret, { workspace, user, ttlSeconds });
      },
      registerPushSubscription(_, { subscription, userAgent }, context) {
        const { workspace, user } = requirePrincipal(context, 'user');
        return devices.register(workspace, user, subscription, userAgent ?? undefined);
      },
      removePushSubscription(_, { endpoint }, context) {
        const { workspace, user } = requirePrincipal(context, 'user');
        return devices.removeBrowser(workspace, user, endpoint);
      },
      async registerDevice(_, { device, user: named }, context) {
        const { workspace, kind } = requirePrincipal(context, 'app', 'operator', 'user');
        const user = whose(named, context);
        if (kind !== 'user') await mustExist(profiles, workspace, user);
        return devices.registerMobile(workspace, user, device);
      },
      removeDevice(_, { id, user }, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator', 'user');
        return devices.removeOwn(workspace, whose(user, context), id);
      },
      async deviceSeen(_, { id, endpoint, user: named }, context) {
        const { workspace } = requirePrincipal(context, 'app', 'operator', 'user');
        const user = whose(named, context);
        const device = await devices.ownId(workspace, user, namedDevice(id, endpoint));
        if (device === undefined) return false;
        lastSeen.seen({ workspace, user, device });
        return true;
      },
    },
    User: {
      async __resolveReference({ id }, context) {
        const { principal } = context;
        if (principal?.kind === 'user' && principal.user !== id) return null;
        return (await loaders(context).users.load(id)) ?? null;
      },
      devices: async ({ id }, _, context) => (await loaders(context).devices.load(id)) ?? [],
      counts: ({ counts }) => counts ?? NO_COUNTS,
      lastSeenAt: async ({ id, lastSeenAt }, _, context) =>
        latestOf(lastSeenAt, (await loaders(context).devices.load(id)) ?? []),
    },
  };
}

/** @throws HeraldError NOT_FOUND (field `user`). */
async function mustExist(profiles: Profiles, workspace: string, user: string): Promise<void> {
  if ((await profiles.missing(workspace, [user])).length > 0)
    throw new HeraldError('NOT_FOUND', `There is no user "${user}". Create it with upsertUsers first.`, {
      field: 'user',
    });
}

/** @throws HeraldError BAD_USER_INPUT (field `id`) unless one of them is given. */
function namedDevice(
  id: string | null | undefined,
  endpoint: string | null | undefined,
): { id: string } | { endpoint: string } {
  if (id != null && endpoint == null) return { id };
  if (endpoint != null && id == null) return { endpoint };
  throw badInput('id', 'Name the device by its id or by its endpoint.');
}

/** The user whom a call is about: the signed-in one, or the one that an app or operator names. */
function whose(named: string | null | undefined, context: RequestContext): string {
  const principal = requirePrincipal(context, 'app', 'operator', 'user');
  if (principal.kind !== 'user') {
    if (named == null) throw badInput('user', 'Name the user: only user tokens speak for one.');
    return named;
  }
  if (named != null && named !== principal.user) throw forbidden('A user token is for its own user only.');
  return principal.user;
}
