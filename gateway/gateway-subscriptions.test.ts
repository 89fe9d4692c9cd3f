import { hash } from 'node:crypto';
import { once } from 'node:events';
import type { Client, FormattedExecutionResult } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { PLACEMENTS, settled, startToyGateway, type ToyGateway, until } from './testing/toy-gateway.ts';
import { toyNotification } from './testing/toy-subgraphs.ts';
import { toyUserToken } from './testing/toy-tokens.ts';

type Answer = FormattedExecutionResult<Record<string, unknown>, unknown>;

/** A running subscription that tests read event by event. */
interface Running {
  next(): Promise<Answer | 'complete'>;
  stop(): void;
  /** Errors of the protocol's `error` message, or the close event. */
  readonly failure: Promise<unknown>;
}

function run(client: Client, query: string, variables?: Record<string, unknown>): Running {
  const queue: (Answer | 'complete')[] = [];
  const readers: ((answer: Answer | 'complete') => void)[] = [];
  const failure = Promise.withResolvers<unknown>();
  const give = (answer: Answer | 'complete') => {
    const reader = readers.shift();
    if (reader) reader(answer);
    else queue.push(answer);
  };
  const stop = client.subscribe<Record<string, unknown>>(
    { query, variables },
    {
      next: (answer) => give(answer as Answer),
      error: (error) => failure.resolve(error),
      complete: () => give('complete'),
    },
  );
  return {
    next: () => {
      const answer = queue.shift();
      return answer ? Promise.resolve(answer) : new Promise((resolve) => readers.push(resolve));
    },
    stop,
    failure: failure.promise,
  };
}

const FULL = 'subscription { notificationReceived { id title recipient { name locale } template { name } } }';

describe.each(PLACEMENTS)('subscriptions through the gateway, subgraphs %s', (placement) => {
  let toy: ToyGateway;
  let client: Client;
  beforeEach(async () => {
    toy = await startToyGateway(placement);
    client = toy.client();
  });
  afterEach(() => toy.close());

  /** Subscribes and waits until the source listens. */
  const open = async (query: string, variables?: Record<string, unknown>): Promise<Running> => {
    const before = toy.toys.events.listeners;
    const running = run(client, query, variables);
    await until(() => toy.toys.events.listeners > before);
    return running;
  };
  const first = async (query: string, variables?: Record<string, unknown>, event = toyNotification('n1')) => {
    const running = await open(query, variables);
    toy.toys.events.publish(event);
    return running.next();
  };

  describe('each event', () => {
    it.each([
      [
        'is completed by the other subgraphs',
        FULL,
        {},
        {
          notificationReceived: {
            id: 'n1',
            title: 'hello n1',
            recipient: { name: 'User u1', locale: 'en' },
            template: { name: 'welcome' },
          },
        },
      ],
      [
        'keeps aliases, fragments and variables',
        'subscription S($u: Boolean!, $l: Int) { n: notificationReceived { ...F b: body(length: $l) t: template { up: name(upper: $u) } } } fragment F on Notification { title recipient { nm: name } opens }',
        { u: true, l: 5 },
        {
          n: { title: 'hello n1', recipient: { nm: 'User u1' }, opens: 7, b: 'abcde', t: { up: 'WELCOME' } },
        },
      ],
      [
        'skips and includes',
        'subscription S($a: Boolean!, $b: Boolean!) { notificationReceived { id recipient @include(if: $a) { name } template @skip(if: $b) { name } opens @include(if: $a) } }',
        { a: false, b: false },
        { notificationReceived: { id: 'n1', template: { name: 'welcome' } } },
      ],
      [
        'includes by a default',
        'subscription S($a: Boolean = true) { notificationReceived { id recipient @include(if: $a) { name } } }',
        {},
        { notificationReceived: { id: 'n1', recipient: { name: 'User u1' } } },
      ],
      [
        'keeps lists with holes',
        'subscription { notificationReceived { copies { id name } } }',
        {},
        {
          notificationReceived: {
            copies: [{ id: 'u2', name: 'User u2' }, null, { id: 'u3', name: 'User u3' }],
          },
        },
      ],
      [
        'resolves interfaces by type',
        'subscription { feed { id __typename ... on Notification { recipient { name } opens } ... on Digest { count owner { locale } } } }',
        {},
        {
          feed: [
            { id: 'n1', __typename: 'Notification', recipient: { name: 'User u1' }, opens: 7 },
            { id: 'd1', __typename: 'Digest', count: 2, owner: { locale: 'en' } },
          ],
        },
      ],
      [
        'knows type names',
        'subscription { notificationReceived { __typename recipient { __typename name } } }',
        {},
        {
          notificationReceived: {
            __typename: 'Notification',
            recipient: { __typename: 'User', name: 'User u1' },
          },
        },
      ],
      [
        'keeps JSON',
        'subscription { notificationReceived { data } }',
        {},
        { notificationReceived: { data: { nested: { list: [1, 2] } } } },
      ],
    ])('%s', async (_name, query, variables, data) => {
      expect(await first(query, variables)).toEqual({ data });
    });

    it('may be null', async () => {
      expect(
        await first('subscription { maybe { id recipient { name } } }', {}, toyNotification('nothing')),
      ).toEqual({ data: { maybe: null } });
    });

    it('has errors with the paths of the caller’s document', async () => {
      const answer = await first(
        'subscription { n: notificationReceived { id r: recipient { name secret } copies { s: secret } } }',
      );
      expect(answer).toEqual({
        data: {
          n: { id: 'n1', r: { name: 'User u1', secret: null }, copies: [{ s: null }, null, { s: null }] },
        },
        errors: expect.arrayContaining([
          { message: 'denied', path: ['n', 'r', 'secret'], extensions: { code: 'FORBIDDEN' } },
          { message: 'denied', path: ['n', 'copies', 0, 's'], extensions: { code: 'FORBIDDEN' } },
          { message: 'denied', path: ['n', 'copies', 2, 's'], extensions: { code: 'FORBIDDEN' } },
        ]),
      });
    });

    it('nulls up to the next field that may be null', async () => {
      expect(
        await first('subscription { notificationReceived { id recipient { required } } }'),
      ).toMatchObject({
        data: { notificationReceived: { id: 'n1', recipient: null } },
        errors: [
          {
            path: ['notificationReceived', 'recipient', 'required'],
            extensions: { code: 'INTERNAL_SERVER_ERROR' },
          },
        ],
      });
    });

    it('that breaks the subgraph’s own schema is an error, and the next one is fine', async () => {
      const running = await open(FULL);
      toy.toys.events.publish({ ...toyNotification('bad'), title: null });
      toy.toys.events.publish(toyNotification('good'));
      expect(await running.next()).toMatchObject({
        data: null,
        errors: [
          {
            message: 'Internal error',
            path: ['notificationReceived', 'title'],
            extensions: { code: 'INTERNAL_SERVER_ERROR' },
          },
        ],
      });
      expect(await running.next()).toMatchObject({ data: { notificationReceived: { id: 'good' } } });
    });

    it('runs with a context of its own, so that loaders start empty', async () => {
      const running = await open('subscription { notificationReceived { id recipient { seen } } }');
      for (const id of ['1', '2', '3']) toy.toys.events.publish(toyNotification(id));
      for (const id of ['1', '2', '3'])
        expect(await running.next()).toEqual({
          data: { notificationReceived: { id, recipient: { seen: 1 } } },
        });
    });

    it('arrives in order', async () => {
      const running = await open(FULL);
      const ids = Array.from({ length: 100 }, (_, index) => `n${index}`);
      for (const id of ids) toy.toys.events.publish(toyNotification(id));
      for (const id of ids)
        expect(await running.next()).toMatchObject({ data: { notificationReceived: { id } } });
    });
  });

  describe('arguments', () => {
    it('reach the source with defaults and variables', async () => {
      await open(
        'subscription S($m: Int, $u: ID, $n: Boolean!) { notificationReceived(min: $m, user: $u) { id template { name(upper: $n) } } }',
        { m: 7, u: 'u1', n: true },
      );
      expect(toy.toys.lastSubscribe).toEqual({ min: 7, user: 'u1' });
      await open('subscription S($m: Int = 4) { notificationReceived(min: $m) { id } }');
      expect(toy.toys.lastSubscribe).toEqual({ min: 4 });
    });

    it.each([
      ['an unknown field', 'subscription { nope }', {}],
      ['bad syntax', 'subscription {', {}],
      ['two root fields', 'subscription { maybe { id } feed { id } }', {}],
      ['only the type name', 'subscription { __typename }', {}],
      [
        'a conditional root field',
        'subscription S($a: Boolean!) { maybe @include(if: $a) { id } }',
        { a: true },
      ],
      [
        'too deep a selection',
        `subscription { maybe ${'{ original '.repeat(15)}{ id }${' }'.repeat(15)} }`,
        {},
      ],
    ])('%s is refused as BAD_USER_INPUT', async (_name, query, variables) => {
      const errors = await run(client, query, variables).failure;
      expect(errors).toEqual([expect.objectContaining({ extensions: { code: 'BAD_USER_INPUT' } })]);
      expect(toy.gateway.topics).toBe(0);
    });

    it('that do not fit are named', async () => {
      const running = run(client, 'subscription S($a: Int) { notificationReceived(min: $a) { id } }', {
        a: 'x',
      });
      expect(await running.next()).toMatchObject({
        errors: [{ extensions: { code: 'BAD_USER_INPUT', field: 'min' } }],
      });
      expect(await running.next()).toBe('complete');
    });

    it('a refusal by the resolver reaches the caller and leaves nothing behind', async () => {
      const running = run(client, 'subscription { forbiddenEvents { id } }');
      expect(await running.next()).toMatchObject({
        errors: [{ message: 'This needs an operator key.', extensions: { code: 'FORBIDDEN' } }],
      });
      expect(await running.next()).toBe('complete');
      await until(() => toy.gateway.topics === 0);
    });
  });

  describe('sharing', () => {
    it('50 equal subscribers share one source and one execution', async () => {
      const running = Array.from({ length: 50 }, () => run(toy.client(), FULL));
      await until(() => toy.gateway.subscribers === 50 && toy.toys.events.listeners === 1);
      expect(toy.gateway.topics).toBe(1);
      expect(toy.toys.calls.subscribes).toBe(1);
      toy.toys.calls.userLookups = 0;
      toy.toys.events.publish(toyNotification('n1'));
      const answers = await Promise.all(running.map((one) => one.next()));
      for (const answer of answers)
        expect(answer).toMatchObject({ data: { notificationReceived: { id: 'n1' } } });
      expect(toy.toys.calls.userLookups).toBe(1);
      for (const one of running) one.stop();
      await until(() => toy.gateway.topics === 0 && toy.toys.events.listeners === 0);
    });

    it('the same variables in another order, or by default, are equal; others are not', async () => {
      const query = 'subscription S($a: Int = 0, $b: ID) { notificationReceived(min: $a, user: $b) { id } }';
      await open(query, { a: 0, b: 'x' });
      run(client, query, { b: 'x' });
      run(client, query, { b: 'x', a: 0 });
      run(client, query, { b: 'y' });
      await until(() => toy.gateway.subscribers === 4 && toy.toys.events.listeners === 2);
      expect(toy.gateway.topics).toBe(2);
      expect(toy.toys.calls.subscribes).toBe(2);
    });

    it('callers of different scope do not share', async () => {
      toy.toys.keys.set(hash('sha256', 'hk_a'), {
        kind: 'app',
        workspace: 'default',
        app: 'a',
        key: 'k',
        ratePerSecond: 1000,
      });
      await open(FULL);
      run(toy.client({ connectionParams: { authorization: 'Bearer hk_a' } }), FULL);
      await until(() => toy.gateway.topics === 2);
    });

    it('streams that replay from a cursor are not shared: each begins elsewhere', async () => {
      const query = 'subscription S($after: ID) { notificationReceived(after: $after) { id } }';
      await open(query, { after: 'n5' });
      await open(query, { after: 'n5' });
      expect(toy.gateway.topics).toBe(2);
      run(client, query, { after: null });
      run(client, query, {});
      await until(() => toy.gateway.topics === 4);
    });

    it('the last one to leave closes the source, also when no event ever came', async () => {
      const one = await open(FULL);
      const other = run(client, FULL);
      await until(() => toy.gateway.subscribers === 2);
      one.stop();
      await until(() => toy.gateway.subscribers === 1);
      await settled();
      expect(toy.toys.events.listeners).toBe(1);
      other.stop();
      await until(() => toy.toys.events.listeners === 0 && toy.gateway.topics === 0);
    });

    it('a socket that dies leaves its subscriptions', async () => {
      await open(FULL);
      client.terminate();
      await until(() => toy.toys.events.listeners === 0 && toy.gateway.topics === 0);
    });
  });

  it('the end of the source completes the subscription', async () => {
    const running = await open(FULL);
    toy.toys.events.complete();
    expect(await running.next()).toBe('complete');
    await until(() => toy.gateway.topics === 0);
  });

  it('a source that fails for want of a data service gives UNAVAILABLE and completes', async () => {
    const running = await open(FULL);
    toy.toys.events.fail(new Error('Connection is closed.'));
    expect(await running.next()).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE' } }] });
    expect(await running.next()).toBe('complete');
    await until(() => toy.gateway.topics === 0);
  });

  it('answers queries and mutations over the socket', async () => {
    const query = run(client, '{ notification(id: "1") { title opens } }');
    expect(await query.next()).toEqual({ data: { notification: { title: 'hello 1', opens: 7 } } });
    expect(await query.next()).toBe('complete');
    const broken = run(client, '{ broken }');
    expect(await broken.next()).toMatchObject({
      data: { broken: null },
      errors: [
        {
          message: 'Internal error',
          extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) },
        },
      ],
    });
    const mutation = run(client, 'mutation ($i: NoopInput!) { noop(input: $i) { id } }', {
      i: { title: 'a', to: 'b' },
    });
    expect(await mutation.next()).toEqual({ data: { noop: { id: 'n0' } } });
  });
});

describe('a subgraph that is lost', () => {
  it('gives subscribers UNAVAILABLE and completes; subscribing again works once it is back', async () => {
    const toy = await startToyGateway('remote');
    try {
      const client = toy.client();
      const running = Array.from({ length: 3 }, () => run(client, FULL));
      await until(() => toy.gateway.subscribers === 3 && toy.toys.events.listeners === 1);
      await toy.servers.get('notifications')?.close();
      for (const one of running) {
        expect(await one.next()).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE' } }] });
        expect(await one.next()).toBe('complete');
      }
      expect(toy.gateway.topics).toBe(0);

      const meanwhile = run(client, FULL);
      expect(await meanwhile.next()).toMatchObject({ errors: [{ extensions: { code: 'UNAVAILABLE' } }] });
      expect(await meanwhile.next()).toBe('complete');
      expect(await toy.query('{ echo(text: "x") stats }')).toMatchObject({
        status: 200,
        data: { echo: null, stats: 1 },
        errors: [{ extensions: { code: 'UNAVAILABLE' } }],
      });
      expect(await toy.query('{ echo(text: "x") }')).toMatchObject({
        status: 503,
        errors: [{ extensions: { code: 'UNAVAILABLE' } }],
      });

      await toy.restart('notifications');
      const again = run(client, FULL);
      await until(() => toy.toys.events.listeners === 1);
      toy.toys.events.publish(toyNotification('n2'));
      expect(await again.next()).toMatchObject({ data: { notificationReceived: { id: 'n2' } } });
      expect(await toy.query('{ echo(text: "x") stats }')).toMatchObject({ data: { echo: 'x', stats: 1 } });
    } finally {
      await toy.close();
    }
  });
});

describe('a slow consumer', () => {
  it('is cut off with SLOW_CONSUMER; others go on', async () => {
    const toy = await startToyGateway('in-process', { maxSubscriberBuffer: 8 });
    try {
      // This one never reads from its socket.
      const slow = new WebSocket(`${toy.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
      await once(slow, 'open');
      const messages: { type: string; payload?: Answer }[] = [];
      slow.on('message', (data) => messages.push(JSON.parse(String(data))));
      slow.send('{"type":"connection_init"}');
      await until(() => messages.length === 1);
      slow.send(
        JSON.stringify({
          id: '1',
          type: 'subscribe',
          payload: { query: FULL.replace('title', 'title data') },
        }),
      );
      await until(() => toy.toys.events.listeners === 1);
      const running = run(toy.client(), FULL);
      await until(() => toy.toys.events.listeners === 2);
      slow.pause();
      const title = 'x'.repeat(200_000);
      for (let count = 0; count < 60; count++) {
        toy.toys.events.publish({ ...toyNotification(`n${count}`), title });
        expect(await running.next()).toMatchObject({ data: { notificationReceived: { id: `n${count}` } } });
      }
      expect(toy.toys.events.listeners).toBe(1);
      slow.resume();
      await until(() => messages.at(-1)?.type === 'complete');
      expect(messages.at(-2)?.payload?.errors).toMatchObject([{ extensions: { code: 'SLOW_CONSUMER' } }]);
      slow.terminate();
    } finally {
      await toy.close();
    }
  });
});

describe('sockets', () => {
  let toy: ToyGateway;
  beforeEach(async () => {
    toy = await startToyGateway('in-process');
  });
  afterEach(() => toy.close());

  const socket = () => new WebSocket(`${toy.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const closed = async (ws: WebSocket): Promise<[number, string]> => {
    const [code, reason] = (await once(ws, 'close')) as [number, Buffer];
    return [code, String(reason)];
  };
  it.each([
    ['an unknown key', { authorization: 'Bearer hk_unknown' }],
    ['a malformed authorization', { authorization: 'hk_unknown' }],
    ['an authorization that is no text', { authorization: 7 }],
  ])('are closed with 4403 for %s', async (_name, payload) => {
    const ws = socket();
    await once(ws, 'open');
    ws.send(JSON.stringify({ type: 'connection_init', payload }));
    expect(await closed(ws)).toEqual([4403, 'Forbidden']);
  });

  it('are closed with 1013 when the credentials cannot be checked', async () => {
    toy.toys.keyLookupFails = new Error('down');
    const ws = socket();
    await once(ws, 'open');
    ws.send('{"type":"connection_init","payload":{"authorization":"Bearer hk_any"}}');
    expect(await closed(ws)).toEqual([1013, 'Try again later']);
  });

  it('are closed with 4401 when they subscribe before it', async () => {
    const ws = socket();
    await once(ws, 'open');
    ws.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: FULL } }));
    expect(await closed(ws)).toEqual([4401, 'Unauthorized']);
  });

  it('are closed with 1009 for a message over 1 MiB', async () => {
    const ws = socket();
    await once(ws, 'open');
    ws.send('x'.repeat(1024 * 1024 + 1));
    expect((await closed(ws))[0]).toBe(1009);
  });

  it('are refused on other paths', async () => {
    const ws = new WebSocket(`${toy.origin.replace('http', 'ws')}/other`, 'graphql-transport-ws');
    const [error] = (await once(ws, 'error')) as [Error];
    expect(error.message).toContain('404');
  });

  it('know the caller', async () => {
    const client = toy.client({
      connectionParams: {
        authorization: `Bearer ${await toyUserToken({ expires: Date.now() / 1000 + 60 })}`,
      },
    });
    expect(await run(client, '{ whoami }').next()).toMatchObject({
      data: { whoami: { kind: 'user', user: 'u1' } },
    });
  });

  it('end subscriptions with UNAUTHENTICATED when the token expires, and refuse further operations', async () => {
    const expiresAt = Math.ceil(Date.now() / 1000) + 8;
    const client = toy.client({
      connectionParams: { authorization: `Bearer ${await toyUserToken({ expires: expiresAt })}` },
      lazyCloseTimeout: 60_000,
    });
    const running = run(client, FULL);
    await until(() => toy.toys.events.listeners === 1);
    toy.toys.events.publish(toyNotification('n1'));
    expect(await running.next()).toMatchObject({ data: { notificationReceived: { id: 'n1' } } });
    expect(await running.next()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(Date.now() / 1000).toBeGreaterThanOrEqual(expiresAt);
    expect(await running.next()).toBe('complete');
    expect(await run(client, '{ whoami }').failure).toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED' } },
    ]);
    await until(() => toy.toys.events.listeners === 0);
  });

  it('end subscriptions with UNAUTHENTICATED when the key is revoked; those of other keys go on', async () => {
    for (const app of ['a', 'b'])
      toy.toys.keys.set(hash('sha256', `hk_${app}`), {
        kind: 'app',
        workspace: 'default',
        app,
        key: app,
        ratePerSecond: 1000,
      });
    const a = run(toy.client({ connectionParams: { authorization: 'Bearer hk_a' } }), FULL);
    const b = run(toy.client({ connectionParams: { authorization: 'Bearer hk_b' } }), FULL);
    await until(() => toy.toys.events.listeners === 2);
    toy.toys.keys.delete(hash('sha256', 'hk_a'));
    toy.invalidate({ topic: 'key', key: 'default:a' });
    expect(await a.next()).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(await a.next()).toBe('complete');
    await until(() => toy.toys.events.listeners === 1);
    toy.toys.events.publish(toyNotification('n1'));
    expect(await b.next()).toMatchObject({ data: { notificationReceived: { id: 'n1' } } });
  });
});

/** Their times are so short that a pause of the machine is longer: no other test may depend on them. */
describe('silent sockets', () => {
  const closeCode = async (toy: ToyGateway, options: ClientOptions, first?: string) => {
    onTestFinished(() => toy.close());
    const ws = new WebSocket(`${toy.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', options);
    const closed = once(ws, 'close') as Promise<[number, Buffer]>;
    await once(ws, 'open');
    if (first !== undefined) ws.send(first);
    const [code, reason] = await closed;
    return [code, String(reason)];
  };

  it('are closed with 4408 without connection_init', async () => {
    const toy = await startToyGateway('in-process', { webSocket: { initTimeoutMs: 100 } });
    expect(await closeCode(toy, {})).toEqual([4408, 'Connection initialisation timeout']);
  });

  it('are dropped when they do not answer pings', async () => {
    const toy = await startToyGateway('in-process', { webSocket: { pingIntervalMs: 50 } });
    expect(await closeCode(toy, { autoPong: false }, '{"type":"connection_init"}')).toEqual([1006, '']);
  });

  it('are kept as long as they answer them', async () => {
    const toy = await startToyGateway('in-process', { webSocket: { pingIntervalMs: 500 } });
    onTestFinished(() => toy.close());
    const ws = new WebSocket(`${toy.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    // Nobody is asked a second time who has not answered the first.
    for (let pings = 0; pings < 2; pings++) await once(ws, 'ping');
    expect(ws.readyState).toBe(ws.OPEN);
    ws.terminate();
  });
});

describe('shutdown', () => {
  it('says not ready at once, closes sockets with 1001 and lets a request in hand finish', async () => {
    const toy = await startToyGateway('in-process');
    const ready = () =>
      fetch(`${toy.origin}/readyz`).then(async (response) => [response.status, await response.json()]);
    expect(await ready()).toEqual([200, { ready: true, problems: [] }]);

    const ws = new WebSocket(`${toy.origin.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await once(ws, 'open');
    const slow = toy.query('{ slow(ms: 2000) }');
    await new Promise((resolve) => setTimeout(resolve, 300));

    toy.shutdown.started = true;
    expect(await ready()).toEqual([503, { ready: false, problems: ['shutting down'] }]);
    expect((await fetch(`${toy.origin}/healthz`)).status).toBe(200);

    const closed = once(ws, 'close');
    await toy.close();
    const [code, reason] = (await closed) as [number, Buffer];
    expect([code, String(reason)]).toEqual([1001, 'going away']);
    expect((await slow).data).toEqual({ slow: true });
    await expect(fetch(`${toy.origin}/healthz`)).rejects.toThrow();
  });
});

describe('readiness', () => {
  it('waits until each remote subgraph has answered once, and survives its loss later', async () => {
    const toy = await startToyGateway('remote');
    try {
      expect(await toy.gateway.ready()).toEqual([]);
      await toy.servers.get('analytics')?.close();
      expect(await toy.gateway.ready()).toEqual([]);
    } finally {
      await toy.close();
    }
    const lonely = await startToyGateway('remote', {
      placement: {
        kind: 'remote',
        gatewaySecret: 'x',
        urls: {
          notifications: 'http://127.0.0.1:9/graphql',
          templates: 'http://127.0.0.1:9/graphql',
          users: 'http://127.0.0.1:9/graphql',
          analytics: 'http://127.0.0.1:9/graphql',
        },
      },
    });
    try {
      expect(await lonely.gateway.ready()).toHaveLength(4);
      expect(await lonely.query('{ stats }')).toMatchObject({
        errors: [{ extensions: { code: 'UNAVAILABLE' } }],
      });
    } finally {
      await lonely.close();
    }
  });

  it('serves metrics with the routes as labels', async () => {
    const toy = await startToyGateway('in-process');
    try {
      await toy.query('{ stats }');
      const metrics = await fetch(`${toy.origin}/metrics`).then((response) => response.text());
      expect(metrics).toMatch(
        /herald_http_request_duration_seconds_count\{method="POST",route="\/graphql",status="200"\} \d+/,
      );
      expect(metrics).toContain('process_cpu_seconds_total');
    } finally {
      await toy.close();
    }
  });
});
