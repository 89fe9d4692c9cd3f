/** For tests: a role that listens, tells its port to its parent, and answers `/work` after 50 ms, `/never` never. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fastify } from 'fastify';
import { loadSettings } from '../../config/settings.ts';
import { closeApp } from '../../http/close-app.ts';
import { registerHealth } from '../../http/health.ts';
import { roleProcess } from '../serve-role.ts';

const settings = loadSettings({ PORT: '0', LOG_LEVEL: 'silent', SHUTDOWN_GRACE_MS: '5000' });
const { shutdown, address } = roleProcess('gateway', settings);
const app = fastify({ return503OnClosing: false });
registerHealth(app, { ready: async () => [], shutdown });
app.get('/work', async () => {
  await sleep(50);
  return { done: true };
});
app.get('/long', async () => {
  await sleep(1_500);
  return { done: true };
});
app.get('/never', () => new Promise(() => undefined));
shutdown.onClose('app', () => closeApp(app));
process.send?.(await app.listen(address));
