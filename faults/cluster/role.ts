/**
 * Runs one role as a process of the fault suite: the gateway with the subgraphs in it, dispatcher and scheduler
 * alone. Says by message when it takes work, and ends with its parent.
 */
import { enableCompileCache, flushCompileCache } from 'node:module';
import { runRole } from '../../cli/start/run-role.ts';
import { processEnvironment } from '../../platform/config/environment.ts';
import { ROLES } from '../../platform/config/roles.ts';
import { loadSettings } from '../../platform/config/settings.ts';

// As `herald start` has it.
enableCompileCache();
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
try {
  const role = ROLES.find((name) => name === process.argv[2]);
  if (role === undefined) throw new Error(`There is no role ${process.argv[2]}.`);
  const mode = role === 'gateway' ? 'all' : 'single';
  await runRole(role, loadSettings(processEnvironment()), { mode });
  process.send?.('ready');
  // One that is killed would leave nothing for the next start.
  flushCompileCache();
} catch (error) {
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exit(1);
}
