/**
 * A part of `npm start`: the gateway with the subgraphs in it, or the dispatcher with the scheduler. Argument: the
 * role. Tells its supervisor when it takes work, and ends when the supervisor has gone, however that went.
 */
import { processEnvironment } from '../../platform/config/environment.ts';
import { ROLES, type Role } from '../../platform/config/roles.ts';
import { loadSettings } from '../../platform/config/settings.ts';
import { ALIVE, ALIVE_MS, READY } from './role-process.ts';
import { runRole } from './run-role.ts';

process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
try {
  const role = ROLES.find((name) => name === process.argv[2]) satisfies Role | undefined;
  if (role === undefined) throw new Error(`There is no role ${process.argv[2]}.`);
  await runRole(role, loadSettings(processEnvironment()), { mode: 'all' });
  process.send?.(READY);
  setInterval(() => {
    if (process.connected) process.send?.(ALIVE);
  }, ALIVE_MS).unref();
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exit(1);
}
