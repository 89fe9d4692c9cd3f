/** Connections that end, against servers of node:http2. */
import { once } from 'node:events';
import {
  constants,
  createServer,
  type Http2Server,
  type ServerHttp2Stream,
  type ServerOptions,
} from 'node:http2';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttp2Client } from './http2-client.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  cleanups.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** @param handle what the server does with a request that it has read, and how many came before. */
async function start(
  handle: (stream: ServerHttp2Stream, count: number, server: Http2Server) => void,
  options: ServerOptions = {},
) {
  const server = createServer(options);
  let [requests, connections] = [0, 0];
  server.on('session', () => connections++);
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.resume().once('end', () => handle(stream, requests++, server));
  });
  const port = await listen(server);
  return { port, counts: () => ({ requests, connections }) };
}

const ok = (stream: ServerHttp2Stream) => {
  if (stream.destroyed) return;
  stream.respond({ ':status': 200 });
  stream.end('ok');
};

function clientOf(port: number, pingTimeoutMs?: number) {
  const client = createHttp2Client('The fake', `http://127.0.0.1:${port}`, pingTimeoutMs);
  cleanups.push(() => client.close());
  return (signal = AbortSignal.timeout(20_000)) =>
    client.post({ path: '/x', headers: { 'x-y': 'z' }, body: '{}', signal });
}

describe('createHttp2Client', () => {
  it('sends all over one connection, as many at once as the server lets it', async () => {
    let [open, most] = [0, 0];
    const { port, counts } = await start(
      (stream) => {
        most = Math.max(most, ++open);
        setTimeout(() => {
          open--;
          ok(stream);
        }, 5);
      },
      { settings: { maxConcurrentStreams: 3 } },
    );
    const post = clientOf(port);
    expect(await post()).toMatchObject({ answer: { status: 200, text: 'ok' } });
    const all = await Promise.all(Array.from({ length: 30 }, () => post()));
    for (const one of all) expect(one).toMatchObject({ answer: { status: 200 } });
    expect(most).toBe(3);
    expect(counts()).toEqual({ requests: 31, connections: 1 });
  });

  it('lets what is under way end after a GOAWAY, and goes on over another connection', async () => {
    const waiting: ServerHttp2Stream[] = [];
    const { port, counts } = await start((stream, count) => {
      if (count > 0) return ok(stream);
      waiting.push(stream);
      stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
    });
    const post = clientOf(port);
    const first = post();
    await expect.poll(() => waiting.length).toBe(1);
    // The GOAWAY is on its way.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await post()).toMatchObject({ answer: { status: 200 } });
    for (const stream of waiting) ok(stream);
    expect(await first).toMatchObject({ answer: { status: 200 } });
    expect(counts()).toEqual({ requests: 2, connections: 2 });
  });

  it('sends again what a GOAWAY says was not looked at', async () => {
    const { port, counts } = await start((stream, count) => {
      // The last stream that is dealt with: the first request's.
      if (count === 1) stream.session?.goaway(constants.NGHTTP2_NO_ERROR, 1);
      else ok(stream);
    });
    const post = clientOf(port);
    expect(await post()).toMatchObject({ answer: { status: 200 } });
    expect(await post()).toMatchObject({ answer: { status: 200 } });
    expect(counts()).toEqual({ requests: 3, connections: 2 });
  });

  it('tries a refused request once more, and then says that it was not sent', async () => {
    const { port, counts } = await start((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    expect(await clientOf(port)()).toMatchObject({
      failed: { kind: 'retryable', code: 'CHANNEL_CONNECTION_FAILED', mayHaveSent: false },
    });
    expect(counts().requests).toBe(2);
  });

  it.each([
    [
      'a GOAWAY with an error',
      (stream: ServerHttp2Stream) => stream.session?.goaway(constants.NGHTTP2_INTERNAL_ERROR),
    ],
    ['a connection that breaks', (stream: ServerHttp2Stream) => stream.session?.destroy()],
    ['a stream that breaks', (stream: ServerHttp2Stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)],
  ])('%s: may have sent it, and connects again', async (_name, breakIt) => {
    const { port, counts } = await start((stream, count) => (count === 0 ? breakIt(stream) : ok(stream)));
    const post = clientOf(port);
    expect(await post()).toMatchObject({
      failed: { kind: 'retryable', code: 'CHANNEL_CONNECTION_FAILED', mayHaveSent: true },
    });
    expect(await post()).toMatchObject({ answer: { status: 200 } });
    expect(counts().requests).toBe(2);
  });

  it('does not understand an answer that breaks off, or has no end', async () => {
    const { port } = await start((stream, count) => {
      stream.respond({ ':status': 200 });
      if (count === 0) stream.write('half', () => stream.session?.destroy());
      else stream.end('x'.repeat(100_000));
    });
    const post = clientOf(port);
    for (let i = 0; i < 2; i++)
      expect(await post()).toMatchObject({
        failed: { kind: 'retryable', code: 'CHANNEL_UNEXPECTED_ANSWER', mayHaveSent: true },
      });
  });

  it('stops one request and no other', async () => {
    const streams: ServerHttp2Stream[] = [];
    const { port, counts } = await start((stream) => streams.push(stream));
    const post = clientOf(port);
    const stop = new AbortController();
    const first = post(stop.signal);
    const second = post();
    await expect.poll(() => streams.length).toBe(2);
    stop.abort();
    expect(await first).toMatchObject({ failed: { code: 'CHANNEL_TIMEOUT', mayHaveSent: true } });
    for (const stream of streams) ok(stream);
    expect(await second).toMatchObject({ answer: { status: 200 } });
    expect(counts().connections).toBe(1);
  });

  it('leaves a connection that is dead and does not know', async () => {
    const { port, counts } = await start(ok);
    const links: { readonly near: Socket; readonly far: Socket }[] = [];
    const relay = createTcpServer((near) => {
      const far = connect(port, '127.0.0.1');
      far.on('error', () => near.destroy());
      near.pipe(far).pipe(near);
      links.push({ near, far });
    });
    const post = clientOf(await listen(relay), 50);
    expect(await post()).toMatchObject({ answer: { status: 200 } });
    for (const { near, far } of links) near.unpipe(far).resume();
    expect(await post(AbortSignal.timeout(50))).toMatchObject({
      failed: { code: 'CHANNEL_TIMEOUT', mayHaveSent: true },
    });
    await expect.poll(() => links.every(({ near }) => near.closed)).toBe(true);
    expect(await post()).toMatchObject({ answer: { status: 200 } });
    expect(counts().connections).toBe(2);
  });
});
