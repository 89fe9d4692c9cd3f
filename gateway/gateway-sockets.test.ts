import { hash } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { startToyGateway, type ToyGateway, until } from './testing/toy-gateway.ts';
import { toyNotification } from './testing/toy-subgraphs.ts';
import { type ToyToken, toyUserToken } from './testing/toy-tokens.ts';

const EVENTS = 'subscription { notificationReceived { id } }';

let toy: ToyGateway;
afterEach(() => toy.close());

interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A bare socket of which tests see every message. */
class RawSocket {
  readonly socket: WebSocket;
  readonly messages: Message[] = [];
  readonly closed: Promise<[number, string]>;

  constructor(origin: string, protocol = 'graphql-transport-ws') {
    this.socket = new WebSocket(`${origin.replace('http', 'ws')}/graphql`, protocol);
    this.socket.on('message', (data) => this.messages.push(JSON.parse(String(data))));
    this.closed = once(this.socket, 'close').then(([code, reason]) => [code as number, String(reason)]);
  }
  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }
  subscribe(id: string, query = EVENTS): void {
    this.send({ id, type: 'subscribe', payload: { query } });
  }
  /** The next message of a type, or the one that is there. */
  async message(type: string): Promise<Message> {
    await until(() => this.messages.some((message) => message.type === type));
    const index = this.messages.findIndex((message) => message.type === type);
    const [message] = this.messages.splice(index, 1);
    if (!message) throw new Error(`no ${type}`);
    return message;
  }
}

async function opened(payload?: Record<string, unknown>): Promise<RawSocket> {
  const socket = new RawSocket(toy.origin);
  await once(socket.socket, 'open');
  socket.send({ type: 'connection_init', payload });
  return socket;
}

async function signedIn(payload?: Record<string, unknown>): Promise<RawSocket> {
  const socket = await opened(payload);
  await socket.message('connection_ack');
  return socket;
}

const inSeconds = (seconds: number) => Math.ceil(Date.now() / 1000) + seconds;
const bearer = async (user: string, expires: number, rest: ToyToken = {}) =>
  `Bearer ${await toyUserToken({ user, expires, ...rest })}`;

describe('credentials of an open socket', () => {
  beforeEach(async () => {
    toy = await startToyGateway('in-process');
  });

  const renew = async (socket: RawSocket, authorization: unknown) => {
    socket.send({ type: 'ping', payload: { authorization } });
    return (await socket.message('pong')).payload;
  };

  it('are renewed by a ping; what runs lives on to the new expiry', async () => {
    const first = inSeconds(8);
    const second = first + 5;
    const socket = await signedIn({ authorization: await bearer('u1', first) });
    socket.subscribe('1');
    await until(() => toy.toys.events.listeners === 1);
    expect(await renew(socket, await bearer('u1', second))).toEqual({
      authorization: 'accepted',
      expiresAt: new Date(second * 1000).toISOString(),
    });
    await new Promise((resolve) => setTimeout(resolve, first * 1000 + 100 - Date.now()));
    toy.toys.events.publish(toyNotification('n1'));
    expect(await socket.message('next')).toMatchObject({
      payload: { data: { notificationReceived: { id: 'n1' } } },
    });
    expect(await socket.message('next')).toMatchObject({
      payload: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] },
    });
    expect(Date.now()).toBeGreaterThanOrEqual(second * 1000);
    await socket.message('complete');
    // Also after the end: the connection is still good for it.
    expect(await renew(socket, await bearer('u1', inSeconds(60)))).toMatchObject({
      authorization: 'accepted',
    });
    socket.subscribe('2', '{ whoami }');
    expect(await socket.message('next')).toMatchObject({ payload: { data: { whoami: { user: 'u1' } } } });
  });

  it.each([
    ['another user', () => bearer('u2', inSeconds(60)), 'FORBIDDEN'],
    ['another workspace', () => bearer('u1', inSeconds(60), { workspace: 'other' }), 'FORBIDDEN'],
    ['another kind', () => 'Bearer hk_a', 'FORBIDDEN'],
    ['the past', () => bearer('u1', inSeconds(-10)), 'UNAUTHENTICATED'],
    ['another issuer', () => bearer('u1', inSeconds(60), { secret: 'x'.repeat(40) }), 'UNAUTHENTICATED'],
    ['nobody', () => 'Bearer hk_unknown', 'UNAUTHENTICATED'],
    ['no known form', () => 'x', 'UNAUTHENTICATED'],
    ['no text', () => 7, 'BAD_USER_INPUT'],
  ])('of %s are refused, and the old ones hold', async (_name, authorization, code) => {
    toy.toys.keys.set(hash('sha256', 'hk_a'), {
      kind: 'app',
      workspace: 'default',
      app: 'a',
      key: 'a',
      ratePerSecond: 1,
    });
    const socket = await signedIn({ authorization: await bearer('u1', inSeconds(60)) });
    socket.subscribe('1');
    await until(() => toy.toys.events.listeners === 1);
    expect(await renew(socket, await authorization())).toEqual({
      authorization: 'refused',
      code,
      message: expect.any(String),
    });
    toy.toys.events.publish(toyNotification('n1'));
    expect(await socket.message('next')).toMatchObject({ id: '1', payload: { data: {} } });
    socket.subscribe('2', '{ whoami }');
    expect(await socket.message('next')).toMatchObject({ payload: { data: { whoami: { user: 'u1' } } } });
  });

  it('cannot be brought by a ping in place of connection_init', async () => {
    const socket = new RawSocket(toy.origin);
    await once(socket.socket, 'open');
    expect(await renew(socket, await bearer('u1', inSeconds(60)))).toMatchObject({ code: 'UNAUTHENTICATED' });
    socket.subscribe('1');
    expect(await socket.closed).toEqual([4401, 'Unauthorized']);
  });

  it('may be another key of the same app; plain pings are answered as they came', async () => {
    for (const key of ['a1', 'a2'])
      toy.toys.keys.set(hash('sha256', `hk_${key}`), {
        kind: 'app',
        workspace: 'default',
        app: 'a',
        key,
        ratePerSecond: 1,
      });
    const socket = await signedIn({ authorization: 'Bearer hk_a1' });
    socket.subscribe('1');
    await until(() => toy.toys.events.listeners === 1);
    expect(await renew(socket, 'Bearer hk_a2')).toEqual({ authorization: 'accepted', expiresAt: null });
    toy.toys.keys.delete(hash('sha256', 'hk_a1'));
    toy.invalidate({ topic: 'key', key: 'default:a' });
    toy.toys.events.publish(toyNotification('n1'));
    expect(await socket.message('next')).toMatchObject({ payload: { data: {} } });
    socket.send({ type: 'ping', payload: { n: 1 } });
    expect(await socket.message('pong')).toEqual({ type: 'pong', payload: { n: 1 } });
    socket.send({ type: 'ping' });
    expect(await socket.message('pong')).toEqual({ type: 'pong' });
  });
});

describe('limits', () => {
  it('connections of one user: the next is closed with 4429, and taken when one has left', async () => {
    toy = await startToyGateway('in-process', { webSocket: { perUser: 2 } });
    const payload = { authorization: await bearer('u1', inSeconds(60)) };
    const [one] = [await signedIn(payload), await signedIn(payload)];
    expect(await (await opened(payload)).closed).toEqual([4429, 'Too many connections']);
    await signedIn({ authorization: await bearer('u2', inSeconds(60)) });
    await signedIn();
    one.socket.terminate();
    await one.closed;
    await expect.poll(() => metric('herald_live_connections')).toBe(3);
    await signedIn(payload);
    expect(await metric('herald_live_refused_total{limit="connections of a caller"}')).toBeGreaterThan(0);
  });

  it('connections of all: one more is closed with 4429; the others go on', async () => {
    toy = await startToyGateway('in-process', { webSocket: { connections: 3 } });
    const sockets = [await signedIn(), await signedIn(), await signedIn()];
    sockets[0]?.subscribe('1');
    await until(() => toy.toys.events.listeners === 1);
    expect(await new RawSocket(toy.origin).closed).toEqual([4429, 'Too many connections']);
    toy.toys.events.publish(toyNotification('n1'));
    expect(await sockets[0]?.message('next')).toMatchObject({ payload: { data: {} } });
    expect(await metric('herald_live_connections')).toBe(3);
    expect(await metric('herald_live_subscriptions')).toBe(1);
    sockets[0]?.socket.terminate();
    await sockets[0]?.closed;
    await expect.poll(() => metric('herald_live_connections')).toBe(2);
    await signedIn();
  });

  it('operations on one socket: one more is answered LIMIT_EXCEEDED', async () => {
    toy = await startToyGateway('in-process', { webSocket: { operations: 3 } });
    const socket = await signedIn();
    for (const id of ['1', '2', '3', '4']) socket.subscribe(id, `subscription { n${id}: maybe { id } }`);
    expect(await socket.message('error')).toMatchObject({
      id: '4',
      payload: [{ extensions: { code: 'LIMIT_EXCEEDED' } }],
    });
    await until(() => toy.toys.events.listeners === 3);
    socket.send({ id: '1', type: 'complete' });
    await until(() => toy.toys.events.listeners === 2);
    socket.subscribe('5');
    await until(() => toy.toys.events.listeners === 3);
  });

  it('a peer that asks and asks and never reads is cut off', async () => {
    toy = await startToyGateway('in-process', { webSocket: { waitingBytes: 200_000 } });
    const socket = await signedIn();
    socket.socket.pause();
    const text = 'x'.repeat(50_000);
    let sent = 0;
    expect(await metric('herald_live_connections')).toBe(1);
    const asking = setInterval(() => {
      if (socket.socket.bufferedAmount < 1_000_000)
        socket.send({ id: `${sent++}`, type: 'subscribe', payload: { query: `{ echo(text: "${text}") }` } });
    }, 1);
    try {
      const end = Date.now() + 30_000;
      while ((await metric('herald_live_connections')) === 1 && Date.now() < end)
        await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await metric('herald_live_connections')).toBe(0);
    } finally {
      clearInterval(asking);
      socket.socket.terminate();
    }
  });

  async function metric(name: string): Promise<number> {
    const text = await fetch(`${toy.origin}/metrics`).then((response) => response.text());
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
    if (!line) throw new Error(`there is no metric ${name}`);
    return Number(line.slice(name.length + 1));
  }
});

describe('bad input at the socket', () => {
  beforeEach(async () => {
    toy = await startToyGateway('in-process');
  });

  it.each<[string, (socket: RawSocket) => void, number, string]>([
    ['subscribe before connection_init', (s) => s.subscribe('1'), 4401, 'Unauthorized'],
    ['what is no JSON', (s) => s.send('{'), 4400, 'Invalid message received'],
    ['JSON of another kind', (s) => s.send('[1]'), 4400, 'Invalid message received'],
    ['an unknown type', (s) => s.send({ type: 'start' }), 4400, 'Invalid message received'],
    [
      'a subscribe without an id',
      (s) => s.send({ type: 'subscribe', payload: { query: EVENTS } }),
      4400,
      'Invalid message received',
    ],
    [
      'a subscribe without a query',
      (s) => s.send({ id: '1', type: 'subscribe', payload: {} }),
      4400,
      'Invalid message received',
    ],
    [
      'variables that are no object',
      (s) => s.send({ id: '1', type: 'subscribe', payload: { query: EVENTS, variables: 7 } }),
      4400,
      'Invalid message received',
    ],
    [
      'bytes that are no text',
      (s) => s.socket.send(Buffer.from([0xff, 0xfe, 0x00])),
      4400,
      'Invalid message received',
    ],
    ['too much', (s) => s.send('x'.repeat(1024 * 1024 + 1)), 1009, ''],
  ])('%s', async (_name, act, code, reason) => {
    const bystander = await signedIn();
    bystander.subscribe('1');
    const socket = new RawSocket(toy.origin);
    await once(socket.socket, 'open');
    act(socket);
    expect(await socket.closed).toEqual([code, reason]);
    await unharmed(bystander);
  });

  it('another subprotocol is not spoken', async () => {
    await expect(new RawSocket(toy.origin, 'graphql-ws').closed).rejects.toThrow(
      'Server sent no subprotocol',
    );
  });

  it('a second connection_init: 4429', async () => {
    const socket = await signedIn();
    socket.send({ type: 'connection_init' });
    expect(await socket.closed).toEqual([4429, 'Too many initialisation requests']);
  });

  it('an id that is in use: 4409', async () => {
    const socket = await signedIn();
    socket.subscribe('1');
    socket.subscribe('1');
    expect(await socket.closed).toEqual([4409, 'Subscriber for 1 already exists']);
    await until(() => toy.toys.events.listeners === 0);
  });

  it('ids like names of JavaScript are as good as any', async () => {
    const socket = await signedIn();
    for (const id of ['__proto__', 'constructor', '"}', '\u2028']) {
      socket.subscribe(id, '{ stats }');
      expect(await socket.message('next')).toEqual({ id, type: 'next', payload: { data: { stats: 1 } } });
    }
  });

  it('ids are quoted in frames of subscriptions, too', async () => {
    const socket = await signedIn();
    const ids = ['"', '\\', '\u2028\n', 'ü'];
    for (const id of ids) socket.subscribe(id);
    await until(() => toy.gateway.subscribers === ids.length && toy.toys.events.listeners === 1);
    toy.toys.events.publish(toyNotification('n1'));
    for (const id of ids)
      expect(await socket.message('next')).toEqual({
        id,
        type: 'next',
        payload: { data: { notificationReceived: { id: 'n1' } } },
      });
  });

  it('an expired token: 4403', async () => {
    const socket = await opened({ authorization: await bearer('u1', inSeconds(-10)) });
    expect(await socket.closed).toEqual([4403, 'Forbidden']);
  });

  it('what the caller may not see: FORBIDDEN, and the socket goes on', async () => {
    const socket = await signedIn({ authorization: await bearer('u1', inSeconds(60)) });
    socket.subscribe('1', 'subscription { forbiddenEvents { id } }');
    expect(await socket.message('next')).toMatchObject({
      id: '1',
      payload: { errors: [{ extensions: { code: 'FORBIDDEN' } }] },
    });
    await socket.message('complete');
    socket.subscribe('2');
    await unharmed(socket);
  });

  it('a complete for what does not run, and pongs nobody asked for, do nothing', async () => {
    const socket = await signedIn();
    socket.send({ id: 'x', type: 'complete' });
    socket.send({ type: 'pong' });
    socket.subscribe('1');
    await unharmed(socket);
  });

  async function unharmed(socket: RawSocket): Promise<void> {
    await until(() => toy.toys.events.listeners > 0);
    toy.toys.events.publish(toyNotification('n1'));
    expect(await socket.message('next')).toMatchObject({
      payload: { data: { notificationReceived: { id: 'n1' } } },
    });
    expect(toy.lines.filter(({ level }) => level === 'error')).toEqual([]);
  }
});
