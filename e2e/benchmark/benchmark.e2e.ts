/** The benchmark in its short form: that it runs, that what it sends arrives, and that it says on what it ran. Its figures are not judged here. */
import { expect, it } from 'vitest';
import { freshDatabase } from '../../testing/fresh.ts';
import { runBenchmark } from './run-benchmark.ts';

const services = freshDatabase();

it('measures all its parts', async () => {
  const { code, output } = await runBenchmark(services, 'bench/bench.ts', ['1']);
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
}, 600_000);
