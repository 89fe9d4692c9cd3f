/** Runs a role in this process. The only place that loads the roles' entry points. */
import type { Role } from '../../platform/config/roles.ts';
import type { Settings } from '../../platform/config/settings.ts';
import { SettingsError } from '../../platform/config/settings.ts';
import type { RunOptions } from '../../platform/lifecycle/run-options.ts';
import { settleMemory } from '../../platform/lifecycle/settle-memory.ts';

/** What every entry point exports. `run` resolves once the role takes work; signals end the process from then on. */
export interface RoleEntry {
  run(settings: Settings, options: RunOptions): Promise<unknown>;
}

const ENTRIES: Readonly<Record<Role, () => Promise<RoleEntry>>> = {
  gateway: () => import('../../gateway/main.ts'),
  notifications: () => import('../../subgraphs/notifications/main.ts'),
  templates: () => import('../../subgraphs/templates/main.ts'),
  users: () => import('../../subgraphs/users/main.ts'),
  analytics: () => import('../../subgraphs/analytics/main.ts'),
  dispatcher: () => import('../../dispatcher/main.ts'),
  scheduler: () => import('../../dispatcher/scheduler-main.ts'),
};

const STORES = ['MONGODB_URI', 'REDIS_URL'] as const;
const SUBGRAPH = [...STORES, 'HERALD_GATEWAY_SECRET'] as const;

/** What a role cannot run without when it runs alone; `herald start` provides it otherwise. */
const NEEDS: Readonly<Record<Role, readonly (keyof Settings)[]>> = {
  gateway: ['REDIS_URL', 'HERALD_JWT_SECRET', 'HERALD_GATEWAY_SECRET'],
  notifications: [...SUBGRAPH, 'HERALD_SECRET_KEY'],
  templates: SUBGRAPH,
  users: [...SUBGRAPH, 'HERALD_JWT_SECRET', 'HERALD_ADMIN_KEY', 'VAPID_PUBLIC_KEY'],
  analytics: SUBGRAPH,
  dispatcher: [...STORES, 'HERALD_JWT_SECRET', 'HERALD_SECRET_KEY', 'VAPID_PUBLIC_KEY', 'VAPID_PRIVATE_KEY'],
  scheduler: STORES,
};

/** One sentence for each setting that the role lacks. */
export const missingSettings = (
  role: Role,
  settings: Settings,
  { supergraph }: Pick<RunOptions, 'supergraph'> = {},
): string[] =>
  // A gateway that authenticates nobody needs nothing of Herald's.
  (supergraph?.auth === 'none' ? [] : NEEDS[role])
    .filter((name) => settings[name] === undefined)
    .map(
      (name) =>
        `${name}: must be set for --role ${role} ${supergraph ? '(or --auth none, where the subgraphs decide who may call)' : '(`herald start` without a role provides it)'}`,
    );

/**
 * Resolves once the role takes work.
 * @throws SettingsError that lists all that is missing, before anything is loaded.
 */
export async function runRole(role: Role, settings: Settings, options: RunOptions): Promise<void> {
  if (options.mode === 'single') {
    const missing = missingSettings(role, settings, options);
    if (missing.length > 0) throw new SettingsError(missing);
  }
  const entry = await ENTRIES[role]();
  await entry.run(settings, options);
  settleMemory();
}
