import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { closeApp, watchConnections } from './close-app.ts';

it('does not wait for connections on which nothing was asked, but for requests in hand', async () => {
  const app = fastify();
  watchConnections(app);
  const asked = Promise.withResolvers<void>();
  app.get('/', async () => {
    asked.resolve();
    await new Promise((resolve) => setTimeout(resolve, 300));
    return 'done';
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const silent = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  await once(silent, 'connect');
  const gone = once(silent, 'close');
  silent.resume();
  const answer = fetch(url);
  await asked.promise;
  const startedAt = performance.now();
  await closeApp(app);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  await gone;
  expect(await (await answer).text()).toBe('done');
});
