import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { afterEach, expect, it } from 'vitest';

let child: ChildProcess | undefined;
afterEach(() => {
  child?.kill('SIGKILL');
});

async function started(): Promise<{ role: ChildProcess; url: string; ended: Promise<number | null> }> {
  const role = fork(fileURLToPath(new URL('./testing/slow-role.ts', import.meta.url)), { execArgv: [] });
  child = role;
  const ended = new Promise<number | null>((resolve) => role.once('exit', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    role.once('message', (message) => resolve(String(message)));
    role.once('exit', () => reject(new Error('It ended while starting.')));
  });
  return { role, url, ended };
}
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('is not ready at once, cuts nothing under load, ends in order', async () => {
  const { role, url, ended } = await started();
  const agent = new Agent({ connections: 16 });
  const get = async (path: string) => {
    const { statusCode, headers, body } = await request(`${url}${path}`, { dispatcher: agent });
    await body.dump();
    return { statusCode, connection: headers.connection };
  };
  let going = true;
  const answers: unknown[] = [];
  const clients = Array.from({ length: 16 }, async () => {
    while (going) answers.push((await get('/work')).statusCode);
  });
  await sleep(300);
  expect(await get('/readyz')).toEqual({ statusCode: 200, connection: 'keep-alive' });
  const before = answers.length;
  const long = get('/long');
  await sleep(20);
  const asked = performance.now();
  role.kill('SIGTERM');
  await expect.poll(() => get('/readyz'), { interval: 20 }).toEqual({ statusCode: 503, connection: 'close' });
  expect(await get('/healthz')).toMatchObject({ statusCode: 200 });
  // A load balancer has seen it by now and sends no more.
  await sleep(300);
  going = false;
  await Promise.all(clients);
  expect(new Set(answers)).toEqual(new Set([200]));
  expect(answers.length).toBeGreaterThan(before + 16);
  expect(await long).toMatchObject({ statusCode: 200 });
  expect(await ended).toBe(0);
  // Not by the time-out, which would be longer.
  expect(performance.now() - asked).toBeLessThan(25_000);
  await expect(get('/work')).rejects.toThrow();
  await agent.close();
});

it('ends at once at a second signal', async () => {
  const { role, url, ended } = await started();
  const never = request(`${url}/never`).catch((error: unknown) => error);
  await sleep(50);
  role.kill('SIGTERM');
  await expect.poll(async () => (await request(`${url}/readyz`)).statusCode, { interval: 20 }).toBe(503);
  await sleep(350);
  const asked = performance.now();
  role.kill('SIGTERM');
  expect(await ended).toBe(1);
  // What is in hand would hold it until the time-out.
  expect(performance.now() - asked).toBeLessThan(15_000);
  expect(await never).toBeInstanceOf(Error);
});
