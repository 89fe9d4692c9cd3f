/** The live benchmark in its short form: everything comes to whom it is for, and its figures are figures. They are not judged here. */
import { expect, it } from 'vitest';
import { freshDatabase } from '../../testing/fresh.ts';
import { runBenchmark } from './run-benchmark.ts';

const services = freshDatabase();
const live = (...args: readonly string[]) => runBenchmark(services, 'bench/live.ts', args);

const SHORT = ['--sockets', '100', '--events', '10', '--seconds', '1'];
const FIGURES = {
  cpu: /server CPU -?\d+\.\d µs a delivery/g,
  memory: /memory a socket: resident -?\d+\.\d KiB, proportional -?\d+\.\d KiB/g,
  latency: /accepted → .*socket +p50 \d+\.\d ms {3}p99 \d+\.\d ms/g,
};

// What does not arrive once, in order and where it belongs ends the benchmark with an error.
it('delivers one topic to all, on the gateway and on the plain server', async () => {
  const { code, output } = await live(...SHORT, '--only', 'a,d');
  expect(output).toMatch(/machine: \d+ × .+, Node v24/);
  expect(output).toMatch(/data services: .+/);
  expect(output).toMatch(/a {2}one topic: 100 sockets, 10 events[\s\S]+1,000 deliveries arrived/);
  expect(output).toMatch(
    /d {2}.+plain graphql-ws server: 100 sockets, 5 events[\s\S]+500 deliveries arrived/,
  );
  expect(output.match(FIGURES.cpu)).toHaveLength(2);
  expect(output.match(FIGURES.memory)).toHaveLength(2);
  expect(output.match(FIGURES.latency)).toHaveLength(4);
  expect(output).toMatch(/(met {3}|MISSED) \(d\)\/\(a\) = \d+\.\d/);
  expect(output).not.toMatch(/NaN|Infinity|undefined/);
  expect(code).toBe(0);
}, 600_000);

it('delivers to each user what is theirs', async () => {
  const { code, output } = await live(...SHORT, '--only', 'b,c');
  expect(output).toMatch(/b {2}own inboxes: 100 users[\s\S]+100 deliveries arrived/);
  expect(output).toMatch(/c {2}at 1,000\/s: 1,000 messages to 100 users/);
  expect(output.match(FIGURES.cpu)).toHaveLength(1);
  expect(output.match(FIGURES.memory)).toHaveLength(1);
  expect(output.match(FIGURES.latency)).toHaveLength(2);
  expect(output).not.toMatch(/NaN|Infinity|undefined/);
  expect(code).toBe(0);
}, 600_000);

it.each([
  [['--sockets', '2'], /--sockets is a whole number of at least 50, not 2/],
  [['--only', 'a,e'], /Give of --only: a, b, c, d\. Not: e/],
  [
    ['--sockets', '100000000'],
    /100000000 sockets cannot be opened here:\n +a process may have \d+ open files/,
  ],
])('%j is refused with what is wrong', async (args, message) => {
  const { code, output } = await live(...args);
  expect(output).toMatch(message);
  expect(code).toBe(1);
});
