/** What must be there before anybody can call: the first workspace, its operator, and the demo where it is on. */
import type { Settings } from '../../platform/config/settings.ts';
import { DEMO_APP, DEMO_USER } from '../../platform/names/demo.ts';
import { DEFAULT_WORKSPACE } from '../../platform/names/ids.ts';
import type { UsersBootstrap } from './contract.ts';

/** Idempotent, and safe when several processes start at once. */
export async function bootstrapUsers(
  service: UsersBootstrap,
  settings: Settings,
  options: { demo: boolean },
): Promise<void> {
  await service.ensureWorkspace(DEFAULT_WORKSPACE, 'Default');
  if (settings.HERALD_ADMIN_KEY)
    await service.ensureOperatorKey(DEFAULT_WORKSPACE, settings.HERALD_ADMIN_KEY, { root: true });
  if (!options.demo) return;
  await service.ensureUser(DEFAULT_WORKSPACE, {
    id: DEMO_USER,
    name: 'Demo',
    locale: 'en',
    timezone: 'UTC',
    email: 'demo@example.com',
    phone: '+15005550006',
    addresses: [
      { channel: 'TELEGRAM', address: '100200300' },
      { channel: 'SLACK', address: '#demo' },
    ],
    preferredChannels: ['IN_APP'],
  });
  if (settings.HERALD_DEMO_APP_KEY)
    await service.ensureAppWithKey({
      workspace: DEFAULT_WORKSPACE,
      id: DEMO_APP,
      name: 'Demo',
      secret: settings.HERALD_DEMO_APP_KEY,
    });
}
