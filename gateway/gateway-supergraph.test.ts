/** The gateway over a graph of others, from a file and from its subgraphs. */
import { hash } from 'node:crypto';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { subgraphRules } from '../platform/config/subgraph-rules.ts';
import { createSubgraphServer } from '../platform/graphql/subgraph-server/subgraph-server.ts';
import { createGateway, type Gateway } from './gateway.ts';
import { polledSubgraphs } from './supergraph/polled-subgraphs.ts';
import { composeSupergraph } from './supergraph/supergraph.ts';
import { supergraphFile } from './supergraph/supergraph-file.ts';
import { fixedSupergraph, type SupergraphSource } from './supergraph/supergraph-source.ts';
import { FOREIGN_SDLS, type ForeignSubgraphs, startForeignSubgraphs } from './testing/foreign-subgraphs.ts';
import { memoryLog } from './testing/memory-log.ts';
import { TOY_GATEWAY_SECRET } from './testing/toy-gateway.ts';
import { TOY_SDLS, toySubgraphs } from './testing/toy-subgraphs.ts';

let foreign: ForeignSubgraphs;
let dir: string;
const { log, lines } = memoryLog();
const closing: (() => Promise<unknown> | unknown)[] = [];
beforeEach(async () => {
  foreign = await startForeignSubgraphs();
  dir = await mkdtemp(join(tmpdir(), 'herald-supergraph-'));
  lines.length = 0;
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await foreign.close();
  await rm(dir, { recursive: true });
});

async function serve(
  supergraph: SupergraphSource,
  options: { rules?: object; auth?: 'herald' | 'none' } = {},
): Promise<{ gateway: Gateway; origin: string }> {
  const gateway = await createGateway({
    placement: {
      kind: 'supergraph',
      supergraph,
      rules: subgraphRules.parse(JSON.stringify(options.rules ?? {})),
      auth: options.auth ?? 'none',
      ...(options.auth === 'herald' && { gatewaySecret: TOY_GATEWAY_SECRET }),
    },
    ...(options.auth === 'herald' && { jwtSecret: 'the secret of the tests, 32 bytes and more' }),
    bodyLimitBytes: 64 * 1024,
    log,
    shutdown: { started: false },
  });
  closing.push(() => gateway.close());
  return { gateway, origin: await gateway.app.listen({ host: '127.0.0.1', port: 0 }) };
}

async function ask(origin: string, query: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });
  return (await response.json()) as {
    data?: Record<string, unknown>;
    errors?: { extensions: { code: string } }[];
  };
}

function clientOf(origin: string, connectionParams: Record<string, unknown> = {}): Client {
  const client = createClient({
    url: `${origin.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams,
  });
  closing.push(() => client.terminate());
  return client;
}

const first = async (stream: AsyncIterableIterator<unknown>) => (await stream.next()).value;

describe('a supergraph of others', () => {
  it('is served: entities cross, mutations, introspection, errors as the subgraphs say them', async () => {
    const { origin, gateway } = await serve(fixedSupergraph(foreign.supergraph()));
    expect(await gateway.ready()).toEqual([]);
    expect(await ask(origin, '{ newest { text product { name reviews { text } } } }')).toEqual({
      data: { newest: [{ text: 'Good', product: { name: 'Chair', reviews: [{ text: 'Review of 1' }] } }] },
    });
    expect(await ask(origin, 'mutation { rename(id: "2", name: "Desk") { name reviews { text } } }')).toEqual(
      {
        data: { rename: { name: 'Desk', reviews: [{ text: 'Review of 2' }] } },
      },
    );
    expect(await ask(origin, '{ __schema { queryType { name } } }')).toMatchObject({
      data: { __schema: { queryType: { name: 'Query' } } },
    });
    expect(await ask(origin, '{ fails { name } }')).toMatchObject({
      data: { fails: null },
      errors: [{ message: 'out of paper', path: ['fails'], extensions: { code: 'SUBGRAPH_ERROR' } }],
    });
    expect(await ask(origin, '{ nothing }')).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
  });

  it('has its subscriptions, each event completed by the other subgraph', async () => {
    const { origin } = await serve(fixedSupergraph(foreign.supergraph()));
    const stream = clientOf(origin).iterate({ query: 'subscription { renamed { name reviews { text } } }' });
    const event = first(stream);
    await expect.poll(() => foreign.sockets).toBe(1);
    const told = setInterval(() => foreign.renamed('1'), 20);
    expect(await event).toEqual({ data: { renamed: { name: 'Chair', reviews: [{ text: 'Review of 1' }] } } });
    clearInterval(told);
  });

  it('forwards the headers that rules name, and no others; its own win', async () => {
    const { origin } = await serve(fixedSupergraph(foreign.supergraph()), {
      rules: { products: { forwardHeaders: ['X-User'] } },
    });
    const who = '{ whoami product(id: "1") { seenBy } }';
    expect(await ask(origin, who, { 'x-user': 'ada' })).toEqual({
      data: { whoami: 'ada', product: { seenBy: null } },
    });
    const second = await serve(fixedSupergraph(foreign.supergraph()), {
      rules: { '*': { forwardHeaders: ['x-user'] }, reviews: { setHeaders: { 'x-user': 'gateway' } } },
    });
    expect(await ask(second.origin, who, { 'x-user': 'ada' })).toEqual({
      data: { whoami: 'ada', product: { seenBy: 'gateway' } },
    });
  });

  it('subscribers share what they may share: callers whose forwarded headers differ do not', async () => {
    const { origin } = await serve(fixedSupergraph(foreign.supergraph()), {
      rules: { '*': { forwardHeaders: ['x-user'] } },
    });
    const told = (user: string) =>
      first(clientOf(origin, { 'X-User': user }).iterate({ query: 'subscription { told }' }));
    expect(await Promise.all(['ada', 'bob'].map(told))).toEqual([
      { data: { told: 'ada' } },
      { data: { told: 'bob' } },
    ]);
  });

  it('is not served where a subgraph is nowhere, with a sentence that says what to set', async () => {
    const sdl = foreign.supergraph().replace(foreign.urls.reviews, '');
    await expect(serve(fixedSupergraph(sdl))).rejects.toThrow('SUBGRAPHS={"reviews"');
    const { origin } = await serve(fixedSupergraph(sdl), {
      rules: { reviews: { url: foreign.urls.reviews } },
    });
    expect(await ask(origin, '{ newest { text } }')).toEqual({ data: { newest: [{ text: 'Good' }] } });
  });

  it.each([
    ['no supergraph', 'type Query { a: Int }', 'none', 'no Federation 2 supergraph'],
    ["Herald's own without its keys", composeSupergraph(TOY_SDLS), 'none', '--auth none is refused'],
  ] as const)('%s is refused', async (_what, sdl, auth, sentence) => {
    await expect(serve(fixedSupergraph(sdl), { auth })).rejects.toThrow(sentence);
  });

  it('is refused with keys that nobody in it knows', async () => {
    await expect(serve(fixedSupergraph(foreign.supergraph()), { auth: 'herald' })).rejects.toThrow(
      'start with --auth none',
    );
  });
});

describe("a supergraph with Herald's subgraphs", () => {
  it('has its callers, whom only its own subgraphs are told of', async () => {
    const toys = toySubgraphs();
    const operator = { kind: 'operator', workspace: 'w', key: 'k', name: 'o', root: false } as const;
    toys.keys.set(hash('sha256', 'ho_good'), operator);
    const rules: Record<string, { url: string }> = {};
    for (const subgraph of toys.subgraphs) {
      const server = createSubgraphServer({
        subgraph,
        gatewaySecret: TOY_GATEWAY_SECRET,
        log,
        shutdown: { started: false },
        problems: async () => [],
        bodyLimitBytes: 1024 * 1024,
      });
      closing.push(() => server.close());
      rules[subgraph.name] = { url: await server.listen({ host: '127.0.0.1', port: 0 }) };
    }
    const services = Object.entries({ ...TOY_SDLS, extra: 'type Query { extra: Int }' });
    const composed = composeServices(
      services.map(([name, sdl]) => ({ name, url: `http://${name}.invalid`, typeDefs: parse(sdl) })),
    );
    if (composed.errors) throw new Error(composed.errors.join());
    let seen: IncomingHttpHeaders = {};
    const extra = createServer((request, response) => {
      seen = request.headers;
      response.setHeader('content-type', 'application/json');
      response.end('{"data":{"extra":7}}');
    });
    await new Promise<void>((resolve) => extra.listen(0, '127.0.0.1', resolve));
    closing.push(() => extra.close());
    rules.extra = { url: `http://127.0.0.1:${(extra.address() as AddressInfo).port}/` };
    const { origin } = await serve(fixedSupergraph(composed.supergraphSdl), { rules, auth: 'herald' });
    const key = { authorization: 'Bearer ho_good' };
    expect(await ask(origin, '{ whoami extra }', key)).toMatchObject({
      data: { whoami: operator, extra: 7 },
    });
    expect(
      Object.keys(seen).filter((name) => name.startsWith('x-herald') || name === 'authorization'),
    ).toEqual([]);
    expect(await ask(origin, '{ whoami }', { authorization: 'Bearer ho_wrong' })).toMatchObject({
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });
});

describe('a newer supergraph', () => {
  it('takes over without a failed request when the file changes; one that is wrong does not', async () => {
    const file = join(dir, 'supergraph.graphql');
    const put = async (sdl: string) => {
      await writeFile(`${file}.new`, sdl);
      await rename(`${file}.new`, file);
    };
    await put(foreign.supergraph());
    const { origin } = await serve(supergraphFile(file, log, { everyMs: 20 }));
    const failed: unknown[] = [];
    let asked = 0;
    let going = true;
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (going) {
          const answer = await ask(origin, '{ products { name } }');
          asked += 1;
          if (answer.errors) failed.push(answer);
        }
      }),
    );
    await put('type Query {');
    await expect.poll(() => lines).toContainEqual(expect.objectContaining({ level: 'error' }));
    expect(await ask(origin, '{ newest { text } }')).toMatchObject({ data: { newest: [{ text: 'Good' }] } });
    await put(foreign.supergraph({ products: FOREIGN_SDLS.products }));
    await expect
      .poll(() => ask(origin, '{ newest { text } }'))
      .toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    await put(foreign.supergraph());
    await expect
      .poll(() => ask(origin, '{ newest { text product { name } } }'))
      .toMatchObject({ data: { newest: [{ text: 'Good', product: { name: 'Chair' } }] } });
    await expect.poll(() => asked).toBeGreaterThan(20);
    going = false;
    await load;
    expect(failed).toEqual([]);
  });

  it('running subscriptions go on by a new plan; those that it has no more end with SCHEMA_RELOADED', async () => {
    let replace: (sdl: string) => void = () => undefined;
    const { origin, gateway } = await serve({
      load: async () => foreign.supergraph(),
      watch: (onChange) => {
        replace = onChange;
        return async () => undefined;
      },
    });
    const client = clientOf(origin);
    const plain = client.iterate({ query: 'subscription { renamed { id name } }' });
    const wide = client.iterate({ query: 'subscription { renamed { name reviews { text } } }' });
    const [plainEvent, wideEvent] = [first(plain), first(wide)];
    await expect.poll(() => foreign.listeners).toBe(2);
    foreign.renamed('1');
    expect(await plainEvent).toEqual({ data: { renamed: { id: '1', name: 'Chair' } } });
    expect(await wideEvent).toMatchObject({ data: { renamed: { reviews: [{ text: 'Review of 1' }] } } });
    const [next, end] = [first(plain), first(wide)];
    replace(foreign.supergraph({ products: FOREIGN_SDLS.products }));
    expect(await end).toMatchObject({ errors: [{ extensions: { code: 'SCHEMA_RELOADED' } }] });
    expect(await wide.next()).toMatchObject({ done: true });
    expect(gateway.topics).toBe(1);
    foreign.renamed('2');
    expect(await next).toEqual({ data: { renamed: { id: '2', name: 'Table' } } });
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('is composed from the subgraphs', async () => {
    const named = Object.entries(foreign.urls).map(([name, url]) => ({ name, url }));
    const { origin } = await serve(polledSubgraphs(named, log, { everyMs: 20 }));
    expect(await ask(origin, '{ newest { product { name } } }')).toMatchObject({
      data: { newest: [{ product: { name: 'Chair' } }] },
    });
    await expect(
      polledSubgraphs([{ name: 'away', url: 'http://127.0.0.1:9/graphql' }], log).load(),
    ).rejects.toThrow('The subgraph away (http://127.0.0.1:9/graphql) did not tell its schema');
  });

  it('is composed anew when a subgraph says another schema; what does not compose is left out', async () => {
    let sdl = 'type Query { a: Int }';
    const server = createServer((_request, response) => {
      response.end(JSON.stringify({ data: { _service: { sdl } } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
    const source = polledSubgraphs([{ name: 'one', url }], log, { everyMs: 10 });
    expect(await source.load()).toContain('a: Int');
    const seen: string[] = [];
    const stop = source.watch?.((next) => seen.push(next));
    sdl = 'type Nothing { a: Int }';
    await expect.poll(() => lines).toContainEqual(expect.objectContaining({ level: 'error' }));
    sdl = 'type Query { b: Int }';
    await expect.poll(() => seen).toHaveLength(1);
    expect(seen[0]).toContain('b: Int');
    await stop?.();
  });

  it('a file that is not there ends the start with a sentence', async () => {
    await expect(serve(supergraphFile(join(dir, 'none.graphql'), log))).rejects.toThrow('cannot be read');
  });
});
