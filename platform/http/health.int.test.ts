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
/** Alone: on a busy machine MongoDB may once be late, too. */
const redisIsAway = { status: 503, problems: expect.stringMatching(/^Redis [^,]*$/) };
const ready = () => expect.poll(async () => (await readyz()).status).toBe(200);

it('asks the services for real, and says which does not answer, in bounded time', async () => {
  await ready();
  redis.pause();
  await expect.poll(readyz).toMatchObject(redisIsAway);
  expect((await readyz()).tookMs).toBeLessThan(15_000);
  // What only lives is still alive: a restart would not help.
  expect((await app.inject({ url: '/healthz' })).statusCode).toBe(200);
  redis.resume();
  await ready();
  await redis.kill();
  await expect.poll(readyz).toMatchObject(redisIsAway);
  await redis.start();
  await ready();
});

it('answers many at once with one question', async () => {
  const questions = async () =>
    Number(/cmdstat_ping:calls=(\d+)/.exec(String(await redis.command('info', 'commandstats')))?.[1]);
  let asked = 0;
  // Again where a busy machine was late with the one question: then all of them are told so.
  await expect
    .poll(async () => {
      const before = await questions();
      const answers = await Promise.all(Array.from({ length: 200 }, readyz));
      asked = (await questions()) - before;
      return answers.every(({ status }) => status === 200);
    })
    .toBe(true);
  // Connections ping by themselves every few seconds, too.
  expect(asked).toBeLessThanOrEqual(20);
});
