/**
 * What the gateway costs: requests/s of a no-op mutation through the gateway with its subgraphs in process, against a
 * bare Apollo Server 5 on Fastify with the same schema. `node bench/gateway-overhead.ts [seconds a run]`; no database.
 */
import { ApolloServer } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import fastifyApollo from '@as-integrations/fastify';
import autocannon from 'autocannon';
import { fastify } from 'fastify';
import { createGateway } from '../gateway/gateway.ts';
import { TOY_SDLS, toySubgraphs } from '../gateway/testing/toy-subgraphs.ts';
import { createLogger } from '../platform/logging/logger.ts';

const CONNECTIONS = 50;
const ROUNDS = 5;
const seconds = Number(process.argv[2] ?? 4);

const log = createLogger({ level: 'warn', role: 'bench' });
const toys = toySubgraphs();
const KEY = 'hk_bench';
const KEY_HASH = await sha256(KEY);
toys.keys.set(KEY_HASH, {
  kind: 'app',
  workspace: 'default',
  app: 'bench',
  key: 'key_bench',
  ratePerSecond: 1000,
});

interface Target {
  readonly name: string;
  readonly url: string;
  close(): Promise<unknown>;
}

async function sha256(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(text))).toString('hex');
}

/** @param plugins false: the fastest Apollo Server there is, without its default plugins. */
async function bare(name: string, plugins: boolean): Promise<Target> {
  const schema = toys.subgraphs.find((subgraph) => subgraph.name === 'notifications')?.schema;
  if (!schema) throw new Error('the notifications toy is missing');
  const apollo = new ApolloServer({
    schema,
    nodeEnv: 'production',
    stopOnTerminationSignals: false,
    plugins: plugins
      ? []
      : [
          ApolloServerPluginCacheControlDisabled(),
          ApolloServerPluginInlineTraceDisabled(),
          ApolloServerPluginLandingPageDisabled(),
          ApolloServerPluginSchemaReportingDisabled(),
          ApolloServerPluginUsageReportingDisabled(),
        ],
  });
  await apollo.start();
  const app = fastify();
  await app.register(fastifyApollo(apollo));
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return { name, url: `${url}/graphql`, close: () => app.close() };
}

async function throughGateway(): Promise<Target> {
  const gateway = await createGateway({
    placement: { kind: 'in-process', subgraphs: toys.subgraphs },
    sdls: TOY_SDLS,
    jwtSecret: 'a secret of the benchmark, 32 bytes',
    bodyLimitBytes: 1024 * 1024,
    log,
    shutdown: { started: false },
  });
  const url = await gateway.app.listen({ port: 0, host: '127.0.0.1' });
  return { name: 'gateway, subgraphs in process', url: `${url}/graphql`, close: () => gateway.close() };
}

interface Measured {
  readonly requestsPerSecond: number;
  /** Of the server's thread: does not vary with what else runs on the machine. */
  readonly cpuMicrosPerRequest: number;
  readonly p99Ms: number;
}

async function measure(target: Target, durationSeconds: number): Promise<Measured> {
  const cpuBefore = process.threadCpuUsage();
  const result = await autocannon({
    url: target.url,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${KEY}` },
    body: JSON.stringify({
      query: 'mutation Noop($input: NoopInput!) { noop(input: $input) { id title } }',
      variables: { input: { title: 'hello', to: 'u1' } },
    }),
    connections: CONNECTIONS,
    duration: durationSeconds,
    workers: 1,
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${target.name}: ${result.non2xx} bad answers, ${result.errors} errors`);
  const { user, system } = process.threadCpuUsage(cpuBefore);
  return {
    requestsPerSecond: result.requests.average,
    cpuMicrosPerRequest: (user + system) / result.requests.total,
    p99Ms: result.latency.p99,
  };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const targets = [
  await bare('bare Apollo Server on Fastify, plugins off', false),
  await bare('bare Apollo Server on Fastify, as it comes', true),
  await throughGateway(),
];
const runs = new Map<Target, Measured[]>(targets.map((target) => [target, []]));
for (const target of targets) await measure(target, 1);
// Rounds over all targets, so that a disturbance of the machine does not hit only one of them.
for (let round = 0; round < ROUNDS; round++)
  for (const target of targets) runs.get(target)?.push(await measure(target, seconds));

const summary = targets.map((target) => {
  const measured = runs.get(target) ?? [];
  return {
    name: target.name,
    rate: median(measured.map((run) => run.requestsPerSecond)),
    cpu: median(measured.map((run) => run.cpuMicrosPerRequest)),
    p99: median(measured.map((run) => run.p99Ms)),
  };
});
for (const { name, rate, cpu, p99 } of summary) {
  const [baseline] = summary;
  console.log(
    [
      name.padEnd(43),
      `${rate.toFixed(0).padStart(6)} requests/s (ratio ${(rate / (baseline?.rate ?? rate)).toFixed(2)})`,
      `${cpu.toFixed(1).padStart(6)} µs CPU a request (ratio ${((baseline?.cpu ?? cpu) / cpu).toFixed(2)})`,
      `p99 ${p99.toFixed(0).padStart(3)} ms`,
    ].join('  '),
  );
}
await Promise.all(targets.map((target) => target.close()));
