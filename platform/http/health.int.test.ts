import { fastify } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freshDatabase } from '../../testing/fresh.ts';
import { OwnRedis } from '../../testing/own-redis.ts';
import { loadSettings } from '../config/settings.ts';
import { type Connections, openConnections } from '../lifecycle/connections.ts';
import { Shutdown } from '../lifecycle/shutdown.ts';
import { type Readiness, registerHealth } from './health.ts';

const services = freshDatabase();
const log = pino({ level: 'silent' });
const shutdown = new Shutdown();
const app = fastify();
let redis: OwnRedis;
let connections: Connections;
beforeAll(async () => {
  redis = await OwnRedis.start();
  const settings = loadSettings({
    MONGODB_URI: services.mongodbUri,
    REDIS_URL: redis.url,
    HERALD_NAMESPACE: services.namespace,
  });
  connections = await openConnections(settings, log, shutdown);
  registerHealth(app, { ready: connections.problems, shutdown });
});
afterAll(async () => {
  await shutdown.close(log);
  await app.close();
  await redis.remove();
});

const readyz = async () => {
  const asked = performance.now();
  const response = await app.inject({ url: '/readyz' });
  const { problems } = response.json<Readiness>();
  return { status: response.statusCode, problems: problems.join(), tookMs: performance.now() - asked };
};
const ready = () => expect.poll(async () => (await readyz()).status).toBe(200);

it('asks the services for real, and says which does not answer, in bounded time', async () => {
  await ready();
  redis.pause();
  await expect.poll(readyz).toMatchObject({ status: 503 });
  const paused = await readyz();
  expect(paused.problems).toMatch(/^Redis /);
  expect(paused.tookMs).toBeLessThan(5_000);
  // What only lives is still alive: a restart would not help.
  expect((await app.inject({ url: '/healthz' })).statusCode).toBe(200);
  redis.resume();
  await ready();
  await redis.kill();
  await expect.poll(readyz).toMatchObject({ status: 503 });
  expect((await readyz()).problems).toMatch(/^Redis /);
  await redis.start();
  await ready();
});

it('answers many at once with one question', async () => {
  await ready();
  const before = Number(
    /cmdstat_ping:calls=(\d+)/.exec(String(await redis.command('info', 'commandstats')))?.[1],
  );
  const answers = await Promise.all(Array.from({ length: 200 }, readyz));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  const after = Number(
    /cmdstat_ping:calls=(\d+)/.exec(String(await redis.command('info', 'commandstats')))?.[1],
  );
  // Connections ping by themselves every few seconds, too.
  expect(after - before).toBeLessThanOrEqual(10);
});
