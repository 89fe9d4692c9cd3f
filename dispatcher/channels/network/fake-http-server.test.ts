import { expect, it } from 'vitest';
import { startFakeHttpServer } from './fake-http-server.ts';

it('answers although its fixture fails, and tells that when it is stopped', async () => {
  const server = await startFakeHttpServer('accept', ({ body }) => {
    JSON.parse(body.toString('utf8'));
    return { status: 200 };
  });
  const ask = (body: string) => fetch(server.origin, { method: 'POST', body });
  expect((await ask('{}')).status).toBe(200);
  expect((await ask('no JSON')).status).toBe(500);
  await expect(server.stop()).rejects.toThrow(SyntaxError);
});
