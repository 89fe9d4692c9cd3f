/** Starts the alerts of a process, beside its sweeper. */
import type { Settings } from '../../platform/config/settings.ts';
import type { Shutdown } from '../../platform/lifecycle/shutdown.ts';
import type { NotificationsStore } from '../../subgraphs/notifications/index.ts';

export function startAlerts(deps: {
  settings: Settings;
  store: NotificationsStore;
  shutdown: Shutdown;
}): void {
  const { DEAD_LETTER_ALERT_COUNT, DEAD_LETTER_ALERT_WINDOW_MS } = deps.settings;
  const alerts = deps.store.startAlerts({
    count: DEAD_LETTER_ALERT_COUNT,
    windowMs: DEAD_LETTER_ALERT_WINDOW_MS,
  });
  deps.shutdown.onClose('alerts', () => alerts.close());
}
