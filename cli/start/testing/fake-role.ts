/**
 * Stands in for a role where only the supervisor is tested: writes what it sees and does into its log. FAKE_* in
 * the environment says how it misbehaves.
 */
import { createServer } from 'node:http';
import { processEnvironment } from '../../../platform/config/environment.ts';
import { connectOnce } from '../../../platform/data-services/free-port.ts';

const [role = ''] = process.argv.slice(2);
const { FAKE_FAILS, FAKE_DEAF, FAKE_SLOW_STOP_MS, PORT, MONGODB_URI, REDIS_URL } = processEnvironment();
const log = (level: string, msg: string, more: object = {}) =>
  console.log(JSON.stringify({ level, role, msg, ...more }));

process.title = `herald ${role}`;
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
log('info', 'started', { pid: process.pid, mongo: MONGODB_URI, redis: REDIS_URL });
if (FAKE_FAILS === role) {
  log('error', 'cannot start', { err: { message: 'the supergraph does not compose' } });
  process.exit(3);
}
const server = createServer((request, response) => {
  if (request.url === '/die') process.exit(9);
  if (request.url === '/warn') log('warn', 'something is odd', { err: { message: 'very odd' } });
  response.writeHead(['/readyz', '/inbox', '/warn'].includes(request.url ?? '') ? 200 : 404).end('{}');
});
if (role === 'gateway')
  await new Promise<void>((resolve) => server.listen(Number(PORT), '127.0.0.1', resolve));
else setInterval(() => undefined, 1_000);
const end = (signal: string) => {
  log('info', 'ending', { signal });
  if (FAKE_DEAF === role) return;
  setTimeout(
    async () => {
      const redis = await connectOnce(Number(new URL(REDIS_URL ?? '').port)).then(
        () => 'there',
        () => 'gone',
      );
      log('info', `ended, Redis ${redis}`);
      process.exit(0);
    },
    Number(FAKE_SLOW_STOP_MS ?? 20),
  );
};
process.on('SIGTERM', () => end('SIGTERM'));
process.on('SIGINT', () => end('SIGINT'));
process.send?.('ready');
