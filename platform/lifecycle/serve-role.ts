/** What the entries of all roles have in common: title, log, shutdown, and ending with a sentence when the start fails. */
import { DEFAULT_PORTS, type Role } from '../config/roles.ts';
import type { Settings } from '../config/settings.ts';
import { createLogger, type Logger } from '../logging/logger.ts';
import { Shutdown } from './shutdown.ts';

export interface RoleProcess {
  readonly log: Logger;
  readonly shutdown: Shutdown;
  /** Where the role listens. */
  readonly address: { readonly host: string; readonly port: number };
}

/** Names the process, makes its log, and ends it in order on SIGTERM and SIGINT. */
export function roleProcess(role: Role, settings: Settings): RoleProcess {
  process.title = `herald ${role}`;
  const log = createLogger({ level: settings.LOG_LEVEL, role });
  const shutdown = new Shutdown();
  // Nobody sends requests to workers: they let go at once.
  const works = role === 'dispatcher' || role === 'scheduler';
  const graceMs = works ? 0 : Math.min(settings.SHUTDOWN_GRACE_MS, settings.SHUTDOWN_TIMEOUT_MS / 2);
  shutdown.listen(log, settings.SHUTDOWN_TIMEOUT_MS, graceMs);
  return { log, shutdown, address: { host: settings.HOST, port: settings.PORT ?? DEFAULT_PORTS[role] } };
}
