/** The benchmark in its short form: that it runs, that what it sends arrives, and that it says on what it ran. Its figures are not judged here. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freshDatabase } from '../../testing/fresh.ts';

const services = freshDatabase();

it('measures all its parts', async () => {
  const { code, output } = await run('bench/bench.ts', ['1']);
  expect(output).toMatch(/machine: \d+ × .+, Node v24/);
  expect(output).toMatch(/data services: .+/);
  for (const part of [
    /\(a\) no-op .+\/s/,
    /\(b\) sendNotification .+\/s/,
    /\(c\) sendNotifications × 100.+\/s/,
  ])
    expect(output).toMatch(part);
  expect(output).toMatch(/stored and published.+ 1000 events/);
  expect(output).toMatch(/at the WebSocket.+ 500 events/);
  expect(output).toMatch(/sent and stored \d+\/s/);
  expect(output).toMatch(/accepted → sent .+p99/);
  expect(output).toMatch(/all roles \d+ MiB/);
  expect(output).toMatch(/\(b\)\/\(a\) = 0\.\d+|\(b\)\/\(a\) = 1\.\d+/);
  expect(code).toBe(0);
}, 180_000);

function run(file: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const root = join(import.meta.dirname, '../..');
  const env = {
    ...process.env,
    TEST_MONGODB_URI: services.mongodbUri,
    TEST_REDIS_URL: services.redisUrl,
    HERALD_NAMESPACE: services.namespace,
  };
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(root, file), ...args], { cwd: root, env });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    child.on('close', (code) => resolve({ code, output }));
  });
}
