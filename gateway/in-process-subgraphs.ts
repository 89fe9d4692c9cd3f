/** The four subgraphs in the gateway's own process (`npm start`): the one file of the gateway that knows them. */
import { requiredSettings } from '../platform/config/required-settings.ts';
import type { Settings } from '../platform/config/settings.ts';
import type { Subgraph } from '../platform/graphql/subgraph.ts';
import type { Connections } from '../platform/lifecycle/connections.ts';
import { isOn, type RunOptions } from '../platform/lifecycle/run-options.ts';
import type { Logger } from '../platform/logging/logger.ts';
import { DEFAULT_WORKSPACE } from '../platform/names/ids.ts';
import { createAnalyticsSubgraph } from '../subgraphs/analytics/index.ts';
import { createNotificationsSubgraph, otpLimitsOf, queueLimitsOf } from '../subgraphs/notifications/index.ts';
import { createTemplatesSubgraph } from '../subgraphs/templates/index.ts';
import {
  bootstrapUsers,
  consoleAppId,
  createUsersSubgraph,
  openDirectory,
  personFinder,
} from '../subgraphs/users/index.ts';

/**
 * Makes them and what must be there before the first call.
 * @throws SettingsError when a secret is missing; what the stores throw.
 */
export async function createInProcessSubgraphs(
  settings: Settings,
  options: RunOptions,
  connections: Connections,
  log: Logger,
): Promise<Subgraph[]> {
  const { HERALD_JWT_SECRET, HERALD_SECRET_KEY, VAPID_PUBLIC_KEY } = requiredSettings(
    settings,
    'HERALD_JWT_SECRET',
    'HERALD_SECRET_KEY',
    'VAPID_PUBLIC_KEY',
  );
  const { mongo, bus, redis, names, events } = connections;
  const demo = isOn(settings.HERALD_DEMO, options);
  const users = await createUsersSubgraph({
    connection: mongo,
    bus,
    log,
    jwtSecret: HERALD_JWT_SECRET,
    vapidPublicKey: VAPID_PUBLIC_KEY,
  });
  const directory = openDirectory(mongo);
  const findPerson = personFinder(users.service);
  const [templates, analytics] = await Promise.all([
    createTemplatesSubgraph({ connection: mongo, bus, directory, log, findPerson }),
    createAnalyticsSubgraph({ connection: mongo, redis, names, log, fold: true }),
  ]);
  await bootstrapUsers(users.service, settings, { demo });
  if (demo) await templates.ensureDemo(DEFAULT_WORKSPACE);
  const notifications = await createNotificationsSubgraph({
    connection: mongo,
    redis,
    subscriber: connections.further('subscriber'),
    blocking: connections.further('blocking'),
    names,
    events,
    queues: connections.queues,
    users: users.service,
    templates: templates.service,
    appInWhoseNameOperatorsSend: consoleAppId,
    chunkSize: settings.DISPATCH_CHUNK_SIZE,
    queueLimits: queueLimitsOf(settings),
    bus,
    secretKey: HERALD_SECRET_KEY,
    otpLimits: otpLimitsOf(settings),
    log,
  });
  return [notifications.subgraph, templates.subgraph, users.subgraph, analytics.subgraph];
}
