/** The door of the users subgraph: users, devices, apps, credentials, workspaces. */
import { readFileSync } from 'node:fs';
import { buildSubgraphSchema } from '@apollo/subgraph';
import type { GraphQLResolverMap } from '@apollo/subgraph/dist/schema-helper/index.js';
import { parse } from 'graphql';
import type { Connection } from 'mongoose';
import { DateTimeScalar, JsonScalar } from '../../platform/graphql/scalars.ts';
import type { Subgraph } from '../../platform/graphql/subgraph.ts';
import type { InvalidationBus } from '../../platform/invalidation/invalidation-bus.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { Activities } from './activity/activities.ts';
import { Apps } from './apps/apps.ts';
import type { UsersBootstrap, UsersService } from './contract.ts';
import { Credentials } from './credentials/credentials.ts';
import { Devices } from './devices/devices.ts';
import { LastSeen, type SeenDocument } from './devices/last-seen.ts';
import type { Resolvers } from './generated/types.ts';
import { Profiles } from './profiles/profiles.ts';
import { accessResolvers } from './resolvers/access-resolvers.ts';
import { createLoaders } from './resolvers/loaders.ts';
import { segmentResolvers } from './resolvers/segment-resolvers.ts';
import { suppressionResolvers } from './resolvers/suppression-resolvers.ts';
import { userResolvers } from './resolvers/user-resolvers.ts';
import type { SegmentDocument } from './segments/segment-record.ts';
import { Segments } from './segments/segments.ts';
import { ensureCollections, usersModels } from './store/models.ts';
import type { UserDocument } from './store/records.ts';
import type { SuppressionDocument } from './suppressions/suppression-record.ts';
import { Suppressions } from './suppressions/suppressions.ts';
import { Workspaces } from './workspaces/workspaces.ts';

export { addressOn } from './addresses/address-on.ts';
export { normalAddress } from './addresses/normal-address.ts';
export { consoleAppId } from './apps/apps.ts';
export { bootstrapUsers } from './bootstrap.ts';
export type {
  AddressStops,
  NewSuppression,
  Preference,
  PushDevice,
  Recipient,
  SegmentPlace,
  SignOfLife,
  UsersBootstrap,
  UsersService,
} from './contract.ts';
export { type Directory, openDirectory } from './directory/directory.ts';
export { normalToken } from './input/device-input.ts';
export { personFinder } from './variables/person-finder.ts';
export { userVariables, writtenUserVariables } from './variables/user-variables.ts';

export interface UsersDependencies {
  readonly connection: Connection;
  /** Started. The subgraph's caches follow it until the process ends. */
  readonly bus: InvalidationBus;
  readonly log: Logger;
  /** HERALD_JWT_SECRET. */
  readonly jwtSecret: string;
  /** base64url. */
  readonly vapidPublicKey: string;
}

export interface UsersRoom {
  readonly service: UsersService & UsersBootstrap;
  readonly subgraph: Subgraph;
}

/** People, for a process that only reads them. What is the workspace's and not their own is left out. */
export function openPeople({
  connection,
  bus,
}: Pick<UsersDependencies, 'connection' | 'bus'>): Pick<UsersService, 'recipients'> {
  const models = usersModels(connection);
  const users = connection.collection<UserDocument>(models.users.collection.name);
  return new Profiles(connection, users, new Devices(models, bus), bus, async () => undefined);
}

/** Once for each connection. Creates collections and indexes that are missing. */
export async function createUsersSubgraph({
  connection,
  bus,
  log,
  jwtSecret,
  vapidPublicKey,
}: UsersDependencies): Promise<UsersRoom> {
  const models = usersModels(connection);
  await ensureCollections(models);
  const devices = new Devices(models, bus);
  const lastSeen = new LastSeen({
    users: connection.collection<SeenDocument>(models.users.collection.name),
    devices: connection.collection<SeenDocument>(models.devices.collection.name),
    log,
  });
  const credentials = new Credentials({ connection, models, bus, log });
  const apps = new Apps(connection, models, credentials);
  const workspaces = new Workspaces({ connection, models, apps, credentials, bus });
  const users = connection.collection<UserDocument>(models.users.collection.name);
  const activities = new Activities({ connection, users, bus, log });
  const profiles = new Profiles(connection, users, devices, bus, (workspace) =>
    workspaces.quietHours(workspace),
  );
  const suppressions = new Suppressions(
    connection.collection<SuppressionDocument>(models.suppressions.collection.name),
    bus,
  );

  const segments = new Segments({
    segments: connection.collection<SegmentDocument>(models.segments.collection.name),
    profiles,
    bus,
    log,
  });

  const loaders = createLoaders({ profiles, devices, apps, credentials });
  const ofUsers = userResolvers(
    { profiles, devices, lastSeen, workspaces, jwtSecret, vapidPublicKey },
    loaders,
  );
  const ofAccess = accessResolvers({ apps, credentials, workspaces }, loaders);
  const ofSuppressions = suppressionResolvers(suppressions, log);
  const ofSegments = segmentResolvers(segments, loaders);
  const resolvers: Resolvers = {
    ...ofUsers,
    ...ofAccess,
    Query: { ...ofUsers.Query, ...ofAccess.Query, ...ofSuppressions.Query, ...ofSegments.Query },
    Mutation: {
      ...ofUsers.Mutation,
      ...ofAccess.Mutation,
      ...ofSuppressions.Mutation,
      ...ofSegments.Mutation,
    },
    DateTime: DateTimeScalar,
    JSON: JsonScalar,
  };
  const schema = buildSubgraphSchema({
    typeDefs: parse(readFileSync(new URL('./schema.graphql', import.meta.url), 'utf8')),
    resolvers: resolvers as GraphQLResolverMap<unknown>,
  });
  return {
    service: {
      missingUsers: (workspace, ids) => profiles.missing(workspace, ids),
      emptyGroups: (workspace, groups) => profiles.emptyGroups(workspace, groups),
      groupMembers: (workspace, group, after, limit) => profiles.groupMembers(workspace, group, after, limit),
      missingSegments: (workspace, ids) => segments.missing(workspace, ids),
      segmentMembers: (workspace, segment, from, limit) => segments.members(workspace, segment, from, limit),
      recipients: (workspace, ids) => profiles.recipients(workspace, ids),
      removeDevices: (workspace, ids) => devices.remove(workspace, ids),
      seen: (sign) => lastSeen.seen(sign),
      engaged: (events) => activities.engaged(events),
      suppress: async (entry) => void (await suppressions.suppress(entry)),
      suppressedOf: (workspace, addresses) => suppressions.stopsOf(workspace, addresses),
      withdrawConsent: (workspace, user, { channel, category }) =>
        profiles.withdraw(workspace, user, channel, category),
      principalByKeyHash: (hash) => credentials.principalByHash(hash),
      ensureWorkspace: (id, name) => workspaces.ensure(id, name),
      ensureOperatorKey: (workspace, secret, { root }) =>
        credentials.ensureFromSettings({ kind: 'operator', workspace, root }, 'From the settings', secret),
      async ensureAppWithKey({ workspace, id, name, secret }) {
        await apps.ensure(workspace, id, name);
        await credentials.ensureFromSettings({ kind: 'app', workspace, app: id }, name, secret);
      },
      ensureUser: (workspace, profile) => profiles.ensure(workspace, profile),
    },
    subgraph: {
      name: 'users',
      schema,
      close: async () => {
        await lastSeen.close();
        await activities.close();
      },
    },
  };
}
