import { hash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { createClient } from 'graphql-sse';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { metricsRegistry } from '../platform/http/metrics.ts';
import type { GatewayOptions } from './gateway.ts';
import { type OpenEventStream, openEventStream } from './testing/event-stream.ts';
import { PLACEMENTS, startToyGateway, type ToyGateway, until } from './testing/toy-gateway.ts';
import { toyNotification } from './testing/toy-subgraphs.ts';
import { toyUserToken } from './testing/toy-tokens.ts';

const EVENTS = 'subscription { notificationReceived { id title recipient { name } } }';
const APP = { kind: 'app', workspace: 'default', app: 'app_1', key: 'key_1', ratePerSecond: 1000 };

const OPTIONS: Partial<GatewayOptions> = {
  httpStreams: { heartbeatMs: 100 },
  resumableOf: () => ({ argument: 'after', argumentType: 'ID', cursor: ['id'] }),
};

describe.each(PLACEMENTS)('server-sent events through the gateway, subgraphs %s', (placement) => {
  let toy: ToyGateway;
  const open: OpenEventStream[] = [];
  beforeEach(async () => {
    toy = await startToyGateway(placement, OPTIONS);
  });
  afterEach(async () => {
    for (const stream of open.splice(0)) await stream.close();
    await toy.close();
  });

  const post = async (body: unknown, headers: Record<string, string> = {}) => {
    const stream = await openEventStream(`${toy.origin}/graphql/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    open.push(stream);
    return stream;
  };
  const get = async (params: Record<string, string>, headers: Record<string, string> = {}) => {
    const stream = await openEventStream(`${toy.origin}/graphql/stream?${new URLSearchParams(params)}`, {
      headers,
    });
    open.push(stream);
    return stream;
  };
  /** Waits until the source listens. */
  const subscribed = async (starting: Promise<OpenEventStream>) => {
    const stream = await starting;
    await until(() => toy.toys.events.listeners > 0);
    return stream;
  };

  it('gives the events of a subscription, completed by the other subgraphs', async () => {
    const stream = await subscribed(post({ query: EVENTS }));
    expect(stream.response.status).toBe(200);
    expect(Object.fromEntries(stream.response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      'x-request-id': expect.any(String),
    });
    for (const id of ['n1', 'n2']) {
      toy.toys.events.publish(toyNotification(id));
      expect(await stream.result()).toEqual({
        data: { notificationReceived: { id, title: `hello ${id}`, recipient: { name: 'User u1' } } },
      });
    }
    toy.toys.events.complete();
    expect(await stream.next()).toMatchObject({ event: 'complete', data: '' });
    expect(await stream.next()).toBeUndefined();
    expect(stream.retry).toBeGreaterThanOrEqual(1_000);
  });

  it('takes variables and an operation name from the URL', async () => {
    const stream = await subscribed(
      get({
        query: `${EVENTS.replace('subscription', 'subscription S')} subscription T($u: ID) { notificationReceived(user: $u) { title } }`,
        operationName: 'T',
        variables: '{"u":"u7"}',
      }),
    );
    toy.toys.events.publish(toyNotification('n1'));
    expect(await stream.result()).toEqual({ data: { notificationReceived: { title: 'hello n1' } } });
    expect(toy.toys.lastSubscribe).toMatchObject({ user: 'u7' });
  });

  it.each([
    ['a query', '{ stats echo(text: "x") }', { data: { stats: 1, echo: 'x' } }],
    [
      'a mutation',
      'mutation { noop(input: { title: "t", to: "u" }) { id } }',
      { data: { noop: { id: 'n0' } } },
    ],
  ])('answers %s', async (_name, query, result) => {
    const stream = await post({ query });
    expect(await stream.result()).toEqual(result);
    expect(await stream.next()).toMatchObject({ event: 'complete' });
  });

  it('gives the part of an answer that is there', async () => {
    const stream = await post({ query: '{ stats refused }' });
    expect(await stream.result()).toMatchObject({
      data: { stats: 1, refused: null },
      errors: [{ path: ['refused'], extensions: { code: 'FORBIDDEN' } }],
    });
  });

  it('shares one source with a socket', async () => {
    const token = await toyUserToken();
    const stream = await subscribed(post({ query: EVENTS }, { authorization: `Bearer ${token}` }));
    const socket = toy.client({ connectionParams: { authorization: `Bearer ${token}` } });
    const events = socket.iterate({ query: EVENTS });
    const first = events.next();
    await until(() => toy.toys.calls.userLookups >= 0 && toy.gateway.topics === 1);
    // Until the socket has joined, it gets nothing.
    const sending = setInterval(() => toy.toys.events.publish(toyNotification('n1')), 20);
    expect((await first).value).toEqual(await stream.result());
    clearInterval(sending);
    expect(toy.toys.calls.subscribes).toBe(1);
    expect(toy.gateway.topics).toBe(1);
  });

  it('lets go of the source when the client leaves', async () => {
    const stream = await subscribed(post({ query: EVENTS }));
    await stream.close();
    await until(() => toy.toys.events.listeners === 0 && toy.gateway.topics === 0);
  });

  it('sends heartbeats', async () => {
    const stream = await subscribed(post({ query: EVENTS }));
    const end = stream.next();
    await until(() => stream.comments.length >= 2);
    toy.toys.events.complete();
    expect(await end).toMatchObject({ event: 'complete' });
  });

  describe('resuming', () => {
    it('gives each event its cursor, and goes on after Last-Event-ID', async () => {
      const stream = await subscribed(post({ query: EVENTS }));
      toy.toys.events.publish(toyNotification('n5'));
      expect(await stream.next()).toMatchObject({ event: 'next', id: 'n5' });
      await stream.close();
      await until(() => toy.toys.events.listeners === 0);
      await subscribed(post({ query: EVENTS }, { 'last-event-id': 'n5' }));
      expect(toy.toys.lastSubscribe).toMatchObject({ after: 'n5' });
    });

    it.each([
      ['a variable', 'subscription S($a: ID) { notificationReceived(after: $a) { id } }', { a: 'n1' }],
      ['a literal', 'subscription { notificationReceived(after: "n1") { id } }', {}],
    ])('prefers Last-Event-ID to the cursor in %s', async (_name, query, variables) => {
      await subscribed(post({ query, variables }, { 'last-event-id': 'n9' }));
      expect(toy.toys.lastSubscribe).toMatchObject({ after: 'n9' });
    });

    it('gives no id where the cursor is not asked for', async () => {
      const stream = await subscribed(post({ query: 'subscription { notificationReceived { title } }' }));
      toy.toys.events.publish(toyNotification('n5'));
      expect(await stream.next()).toMatchObject({ event: 'next', id: '' });
    });
  });

  describe('ends', () => {
    it('with the reason when the token expires', async () => {
      const token = await toyUserToken({ expires: Math.floor(Date.now() / 1000) + 8 });
      const stream = await subscribed(post({ query: EVENTS }, { authorization: `Bearer ${token}` }));
      expect(await stream.result()).toEqual({
        errors: [
          {
            message: 'The user token has expired. Ask for a new one.',
            extensions: { code: 'UNAUTHENTICATED' },
          },
        ],
      });
      expect(await stream.next()).toMatchObject({ event: 'complete' });
      expect(await stream.next()).toBeUndefined();
    });

    it('with the reason when the key is revoked', async () => {
      const key = hash('sha256', 'hk_good');
      toy.toys.keys.set(key, APP);
      const stream = await subscribed(post({ query: EVENTS }, { authorization: 'Bearer hk_good' }));
      toy.toys.keys.delete(key);
      toy.invalidate({ topic: 'key' } as Parameters<ToyGateway['invalidate']>[0]);
      expect(await stream.result()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
      expect(await stream.next()).toMatchObject({ event: 'complete' });
    });

    it('with the reason when the source fails', async () => {
      const stream = await subscribed(post({ query: EVENTS }));
      toy.toys.events.fail(new Error('the password is hunter2'));
      const result = JSON.stringify(await stream.result());
      expect(result).toContain('"code"');
      expect(result).not.toContain('hunter2');
      expect(await stream.next()).toMatchObject({ event: 'complete' });
    });

    it('without "complete" when the gateway goes away, so that clients come back', async () => {
      const stream = await subscribed(post({ query: EVENTS }));
      const last = stream.next();
      await toy.gateway.close();
      expect(await last).toBeUndefined();
      expect(stream.comments.at(-1)).toContain('goes away');
    });
  });

  describe('refuses before the stream', () => {
    const JSON_TOO = { accept: 'text/event-stream, application/json' };
    it.each<[string, unknown, Record<string, string>, number, Record<string, unknown>]>([
      ['no body', '', {}, 400, { code: 'BAD_USER_INPUT' }],
      ['garbage', '{"query":', {}, 400, { code: 'BAD_USER_INPUT' }],
      ['a list', '[]', {}, 400, { code: 'BAD_USER_INPUT', field: 'query' }],
      ['no document', {}, {}, 400, { code: 'BAD_USER_INPUT', field: 'query' }],
      ['a document that is a number', { query: 7 }, {}, 400, { code: 'BAD_USER_INPUT', field: 'query' }],
      [
        'variables in a list',
        { query: EVENTS, variables: [1] },
        {},
        400,
        { code: 'BAD_USER_INPUT', field: 'variables' },
      ],
      ['a syntax error', { query: 'subscription {' }, JSON_TOO, 400, { code: 'BAD_USER_INPUT' }],
      [
        'an unknown operation',
        { query: EVENTS, operationName: 'Nope' },
        JSON_TOO,
        400,
        { code: 'BAD_USER_INPUT' },
      ],
      ['an unknown field', { query: 'subscription { nope }' }, JSON_TOO, 400, { code: 'BAD_USER_INPUT' }],
      [
        'two root fields',
        { query: 'subscription { maybe { id } feed { id } }' },
        JSON_TOO,
        400,
        { code: 'BAD_USER_INPUT' },
      ],
      [
        'a wrong variable',
        { query: 'subscription S($m: Int) { notificationReceived(min: $m) { id } }', variables: { m: 'x' } },
        JSON_TOO,
        400,
        { code: 'BAD_USER_INPUT', field: 'min' },
      ],
      ['a wrong query', { query: '{ nope }' }, JSON_TOO, 400, { code: 'BAD_USER_INPUT' }],
      [
        'form data',
        'query=x',
        { 'content-type': 'application/x-www-form-urlencoded' },
        415,
        { code: 'BAD_USER_INPUT' },
      ],
      [
        'plain text',
        JSON.stringify({ query: EVENTS }),
        { 'content-type': 'text/plain' },
        415,
        { code: 'BAD_USER_INPUT' },
      ],
      ['a wrong Accept', { query: EVENTS }, { accept: 'application/json' }, 406, { code: 'BAD_USER_INPUT' }],
      [
        'another wrong Accept',
        { query: EVENTS },
        { accept: 'text/event-stream;q=0, */json' },
        406,
        { code: 'BAD_USER_INPUT' },
      ],
      ['too much', { query: `# ${'x'.repeat(70_000)}` }, {}, 413, { code: 'BAD_USER_INPUT' }],
      [
        'a wrong token',
        { query: EVENTS },
        { authorization: 'Bearer eyJ.x.y' },
        401,
        { code: 'UNAUTHENTICATED' },
      ],
      [
        'an unknown key',
        { query: EVENTS },
        { authorization: 'Bearer hk_none' },
        401,
        { code: 'UNAUTHENTICATED' },
      ],
      ['half a header', { query: EVENTS }, { authorization: 'hk_none' }, 401, { code: 'UNAUTHENTICATED' }],
    ])('%s', async (_name, body, headers, status, extensions) => {
      const { response } = await post(body, headers);
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
      expect(await response.json()).toMatchObject({ errors: [{ message: expect.any(String), extensions }] });
      expect(toy.toys.events.listeners).toBe(0);
    });

    it.each<[string, Record<string, string>, number, Record<string, unknown>]>([
      ['no document', {}, 400, { code: 'BAD_USER_INPUT', field: 'query' }],
      [
        'variables that are no JSON',
        { query: EVENTS, variables: '{' },
        400,
        { code: 'BAD_USER_INPUT', field: 'variables' },
      ],
      ['a mutation', { query: 'mutation { save(inputs: []) }' }, 405, { code: 'BAD_USER_INPUT' }],
      [
        'a token in the URL',
        { query: EVENTS, access_token: 'eyJ.x.y' },
        400,
        { code: 'BAD_USER_INPUT', field: 'access_token' },
      ],
    ])('GET with %s', async (_name, params, status, extensions) => {
      const { response } = await get(params);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ errors: [{ extensions }] });
    });

    it('what the source refuses, where it says so at once', async () => {
      const stream = await post({ query: 'subscription { forbiddenEvents { id } }' }, JSON_TOO);
      // A subgraph behind a socket has no word for "subscribed": the stream is open before it refuses.
      expect(stream.response.status).toBe(placement === 'in-process' ? 403 : 200);
      expect(placement === 'in-process' ? await stream.response.json() : await stream.result()).toMatchObject(
        {
          errors: [{ extensions: { code: 'FORBIDDEN' } }],
        },
      );
    });

    it('the other mode of graphql-sse', async () => {
      const response = await fetch(`${toy.origin}/graphql/stream`, { method: 'PUT' });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('GET, POST');
      expect(await response.json()).toMatchObject({
        errors: [{ message: expect.stringContaining('distinct') }],
      });
    });

    it('while subgraphs are away, so that clients try again', async () => {
      toy.toys.keyLookupFails = Object.assign(new Error('away'), { name: 'MongoNetworkError' });
      const { response } = await post({ query: EVENTS }, { authorization: 'Bearer hk_any' });
      expect(response.status).toBe(503);
    });

    it.each([
      ['an unknown field', 'subscription { nope }', 'BAD_USER_INPUT'],
      ['what the source refuses', 'subscription { forbiddenEvents { id } }', 'FORBIDDEN'],
    ])('%s, inside a stream for those who read nothing else', async (_name, query, code) => {
      const stream = await post({ query });
      expect(stream.response.status).toBe(200);
      expect(await stream.result()).toMatchObject({ errors: [{ extensions: { code } }] });
      expect(await stream.next()).toMatchObject({ event: 'complete' });
    });
  });

  it('serves the client of graphql-sse', async () => {
    const client = createClient({ url: `${toy.origin}/graphql/stream`, retryAttempts: 0 });
    const events = client.iterate({ query: EVENTS });
    const first = events.next();
    await until(() => toy.toys.events.listeners > 0);
    toy.toys.events.publish(toyNotification('n1'));
    expect((await first).value).toMatchObject({ data: { notificationReceived: { id: 'n1' } } });
    toy.toys.events.complete();
    expect((await events.next()).done).toBe(true);
    client.dispose();
  });
});

describe('limits', () => {
  const query = 'subscription { notificationReceived { id } }';
  const subscribe = (origin: string, token: string, accept: string) =>
    fetch(`${origin}/graphql/stream?${new URLSearchParams({ query })}`, {
      headers: { accept, authorization: `Bearer ${token}` },
    });
  const both = 'text/event-stream, application/json';

  it('count sockets and streams of one user together', async () => {
    const toy = await startToyGateway('in-process', { webSocket: { perUser: 2 } });
    const token = await toyUserToken();
    const socket = toy.client({ connectionParams: { authorization: `Bearer ${token}` } });
    // It is cut when the test is over.
    socket.subscribe({ query }, { next: () => undefined, error: () => undefined, complete: () => undefined });
    await until(() => toy.toys.events.listeners > 0);
    const second = await subscribe(toy.origin, token, both);
    expect(second.status).toBe(200);
    const third = await subscribe(toy.origin, token, both);
    expect(third.status).toBe(429);
    expect(await third.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
    await second.body?.cancel();
    await expect.poll(async () => (await subscribe(toy.origin, token, both)).status).toBe(200);
    await toy.close();
  });

  it('count all streams', async () => {
    const toy = await startToyGateway('in-process', { webSocket: { connections: 1 } });
    const token = await toyUserToken();
    expect((await subscribe(toy.origin, token, both)).status).toBe(200);
    expect((await subscribe(toy.origin, token, both)).status).toBe(503);
    await toy.close();
  });
});

/** Requests of this path in the histogram of durations. */
const timedRequests = async () => {
  const { values = [] } =
    (await metricsRegistry.getSingleMetric('herald_http_request_duration_seconds')?.get()) ?? {};
  return values
    .filter(({ labels }) => labels.route === '/graphql/stream' && labels.le === '+Inf')
    .reduce((sum, { value }) => sum + value, 0);
};

describe('a client that does not read', () => {
  it('is told so when it reads again, and then gets the end', async () => {
    const toy = await startToyGateway('in-process', {
      // It is not cut off before it reads again, however long that takes here.
      httpStreams: { heartbeatMs: 60_000 },
      maxSubscriberBuffer: 16,
    });
    const before = await timedRequests();
    const stream = await openEventStream(
      `${toy.origin}/graphql/stream?query=subscription{notificationReceived{title}}`,
    );
    await until(() => toy.toys.events.listeners > 0);
    const title = 'x'.repeat(1_000_000);
    for (let n = 0; n < 60; n++) {
      toy.toys.events.publish({ ...toyNotification(`n${n}`), title });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    let last: unknown;
    let results = 0;
    for (let event = await stream.next(); event; event = await stream.next()) {
      if (event.event === 'complete') break;
      last = JSON.parse(event.data);
      results++;
    }
    expect(last).toMatchObject({ errors: [{ extensions: { code: 'SLOW_CONSUMER' } }] });
    expect(results).toBeLessThan(50);
    expect(await stream.next()).toBeUndefined();
    expect(await timedRequests()).toBe(before);
    await toy.close();
  });

  it('is cut off, its events do not pile up, and others get theirs', async () => {
    const toy = await startToyGateway('in-process', {
      httpStreams: { heartbeatMs: 1_000 },
      maxSubscriberBuffer: 16,
    });
    const query = 'subscription { notificationReceived { id title } }';
    const reader = await openEventStream(`${toy.origin}/graphql/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const stalled = httpRequest(`${toy.origin}/graphql/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    stalled.on('error', () => undefined);
    stalled.on('response', (response) => response.on('error', () => undefined).pause());
    stalled.end(JSON.stringify({ query }));
    const openStreams = async () =>
      (await metricsRegistry.getSingleMetric('herald_http_streams')?.get())?.values[0]?.value;
    await expect.poll(openStreams).toBe(2);
    const title = 'x'.repeat(100_000);
    // As many as no buffer of the operating system holds, each one after the reader has the last.
    for (let n = 0; n < 200; n++) {
      toy.toys.events.publish({ ...toyNotification(`n${n}`), title });
      expect(await reader.result()).toMatchObject({ data: { notificationReceived: { id: `n${n}` } } });
    }
    await expect.poll(openStreams).toBe(1);
    toy.toys.events.publish(toyNotification('after'));
    expect(await reader.result()).toMatchObject({ data: { notificationReceived: { id: 'after' } } });
    await reader.close();
    await until(() => toy.gateway.topics === 0);
    await toy.close();
  });
});
