/** Resolvers of apps, keys and workspaces: for operators, but for what an app may know of itself. */
import {
  type AppPermissions,
  type RequestContext,
  requirePrincipal,
} from '../../../platform/auth/principal.ts';
import { forbidden, notFound } from '../../../platform/errors/herald-error.ts';
import { connectionOf, decodeCursor, encodeCursor, pageSize } from '../../../platform/graphql/connections.ts';
import { type Apps, appCursor } from '../apps/apps.ts';
import type { Credentials } from '../credentials/credentials.ts';
import type { Resolvers } from '../generated/types.ts';
import { operatorOwner } from '../store/records.ts';
import type { Workspaces } from '../workspaces/workspaces.ts';
import type { LoadersOf } from './loaders.ts';

type AccessResolvers = Pick<Resolvers, 'App'> & {
  Query: NonNullable<Resolvers['Query']>;
  Mutation: NonNullable<Resolvers['Mutation']>;
};

export function accessResolvers(
  room: { readonly apps: Apps; readonly credentials: Credentials; readonly workspaces: Workspaces },
  loaders: LoadersOf,
): AccessResolvers {
  const { apps, credentials, workspaces } = room;
  return {
    Query: {
      async app(_, { id }, context) {
        const principal = requirePrincipal(context, 'app', 'operator');
        const own = principal.kind === 'operator' || principal.app === id;
        const app = own ? await loaders(context).apps.load(id) : undefined;
        if (!app) throw notFound('app', id);
        return app;
      },
      async apps(_, { first, after }, context) {
        const { workspace } = requirePrincipal(context, 'operator');
        const size = pageSize(first);
        const found = await apps.page(workspace, after == null ? undefined : decodeCursor(after), size + 1);
        return connectionOf(found, size, (app) => encodeCursor(appCursor(app)), after != null);
      },
      operatorKeys: (_, __, context) =>
        credentials.list(operatorOwner(requirePrincipal(context, 'operator').workspace)),
      // Without a principal: this is how the gateway finds out who is calling. Callers of the graph cannot see it.
      principalByKeyHash: async (_, { hash }) => (await credentials.principalByHash(hash)) ?? null,
    },
    Mutation: {
      createApp: (_, input, context) => apps.create(requirePrincipal(context, 'operator').workspace, input),
      updateApp: (_, { id, ...changes }, context) =>
        apps.update(requirePrincipal(context, 'operator').workspace, id, changes),
      createApiKey: (_, { app, name }, context) =>
        apps.createKey(requirePrincipal(context, 'operator').workspace, app, name),
      createOperatorKey(_, { name }, context) {
        const { workspace, root } = requirePrincipal(context, 'operator');
        return credentials.create({ kind: 'operator', workspace, root }, name);
      },
      revokeKey: (_, { id }, context) =>
        credentials.revoke(requirePrincipal(context, 'operator').workspace, id),
      createWorkspace(_, { id, name }, context) {
        if (!requirePrincipal(context, 'operator').root)
          throw forbidden('Only operators of the first workspace create workspaces.');
        return workspaces.create(id, name);
      },
    },
    App: {
      __resolveReference: async ({ id }, context) => (await loaders(context).apps.load(id)) ?? null,
      rateLimitPerSecond: (app, _, context) => notForUsers(context, app.rateLimitPerSecond),
      may: (app, _, context) => notForUsers(context, permissionsShown(app.may)),
      createdAt: (app, _, context) => notForUsers(context, app.createdAt),
      async keys({ id }, _, context) {
        requirePrincipal(context, 'operator');
        return (await loaders(context).keys.load(id)) ?? [];
      },
    },
  };
}

const permissionsShown = (may: AppPermissions | undefined) =>
  may
    ? {
        events: may.events ? [...may.events] : null,
        templates: may.templates ? [...may.templates] : null,
        content: may.content ?? null,
        channels: may.channels ? [...may.channels] : null,
      }
    : null;

/** A user knows an app by id and name only. @throws HeraldError FORBIDDEN. */
function notForUsers<T>(context: RequestContext, value: T): T {
  requirePrincipal(context, 'app', 'operator');
  return value;
}
