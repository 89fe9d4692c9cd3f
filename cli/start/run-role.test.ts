import { expect, test } from 'vitest';
import { ROLES } from '../../platform/config/roles.ts';
import { loadSettings, SettingsError } from '../../platform/config/settings.ts';
import { missingSettings, runRole } from './run-role.ts';

test.each([
  ['gateway', ['REDIS_URL', 'HERALD_JWT_SECRET', 'HERALD_GATEWAY_SECRET']],
  ['notifications', ['MONGODB_URI', 'REDIS_URL', 'HERALD_GATEWAY_SECRET', 'HERALD_SECRET_KEY']],
  ['scheduler', ['MONGODB_URI', 'REDIS_URL']],
] as const)('%s lacks all it needs at once', async (role, names) => {
  const error: unknown = await runRole(role, loadSettings({}), { mode: 'single' }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(SettingsError);
  expect((error as SettingsError).problems.map((problem) => problem.split(':')[0])).toEqual(names);
});

test.each(ROLES)('%s lacks nothing when all is set', (role) => {
  const settings = loadSettings({
    MONGODB_URI: 'mongodb://localhost',
    REDIS_URL: 'redis://localhost',
    HERALD_GATEWAY_SECRET: 'x'.repeat(40),
    HERALD_JWT_SECRET: 'x'.repeat(40),
    HERALD_ADMIN_KEY: 'x'.repeat(40),
    VAPID_PUBLIC_KEY: 'x'.repeat(87),
    HERALD_SECRET_KEY: 'x'.repeat(40),
    VAPID_PRIVATE_KEY: 'x'.repeat(43),
  });
  expect(missingSettings(role, settings)).toEqual([]);
});
