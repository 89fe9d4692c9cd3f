import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import type { GuardOptions } from './guarded-agent.ts';
import { failedOutcome } from './http-attempt.ts';
import { createHttpSender, type HttpSender } from './http-sender.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const LOOPBACK: GuardOptions = { allowedNetworks: ['127.0.0.1/32'], plainHttp: 'anywhere' };

function sender(options: GuardOptions): HttpSender {
  const http = createHttpSender(options, () => new Date());
  cleanups.push(() => http.close());
  return http;
}
async function listen(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}
async function serve(listener: RequestListener) {
  const server = createServer(listener);
  const connections: unknown[] = [];
  server.on('connection', (socket) => connections.push(socket));
  const port = await listen(server);
  cleanups.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { port, connections };
}
const post = (http: HttpSender, url: string, signal = AbortSignal.timeout(20_000)) =>
  http.request({ url: new URL(url), headers: {}, body: 'x', signal });

describe('HTTP sender', () => {
  it.each([
    'http://127.0.0.1:PORT',
    'http://localhost:PORT',
    'http://2130706433:PORT',
    'http://0x7f.1:PORT',
    'http://017700000001:PORT',
    'http://127.1:PORT',
    'http://0.0.0.0:PORT',
    'http://[::1]:PORT',
    'http://[::ffff:127.0.0.1]:PORT',
    'http://[64:ff9b::7f00:1]:PORT',
    'http://169.254.169.254/latest/meta-data',
    'https://10.0.0.1',
    'https://[fd00::1]',
  ])('does not call %s', async (template) => {
    let calls = 0;
    const { port, connections } = await serve((_, response) => {
      calls++;
      response.end();
    });
    const result = await post(
      sender({ allowedNetworks: [], plainHttp: 'anywhere' }),
      template.replace('PORT', String(port)),
    );
    expect(result).toMatchObject({
      failed: {
        kind: 'permanent',
        code: 'CHANNEL_ADDRESS_NOT_ALLOWED',
        message: expect.stringContaining('WEBHOOK_ALLOWED_NETWORKS'),
      },
    });
    expect([calls, connections.length]).toEqual([0, 0]);
  });

  it('calls what is allowed, by address and by name', async () => {
    const { port } = await serve((_, response) => response.end());
    const http = sender(LOOPBACK);
    expect(await post(http, `http://127.0.0.1:${port}`)).toEqual({ answer: { status: 200 } });
    // Where localhost is ::1 as well, only the allowed address is called.
    expect(await post(http, `http://localhost:${port}`)).toEqual({ answer: { status: 200 } });
  });

  it('takes plain http only in allowed networks when told so', async () => {
    const { port } = await serve((_, response) => response.end());
    const http = sender({ ...LOOPBACK, plainHttp: 'allowedNetworks' });
    expect(await post(http, `http://127.0.0.1:${port}`)).toEqual({ answer: { status: 200 } });
    // A public address: without TLS it is refused before connecting.
    expect(await post(http, 'http://193.0.0.1:9')).toMatchObject({
      failed: { code: 'CHANNEL_ADDRESS_NOT_ALLOWED' },
    });
  });

  it('follows no redirect', async () => {
    let reached = 0;
    const { port } = await serve((request, response) => {
      if (request.url === '/secret') reached++;
      response.writeHead(307, { location: '/secret' }).end();
    });
    expect(await post(sender(LOOPBACK), `http://127.0.0.1:${port}`)).toEqual({
      answer: { status: 307, location: '/secret' },
    });
    expect(reached).toBe(0);
  });

  it('does not read an answer without end', async () => {
    const { port, connections } = await serve((_, response) => {
      response.writeHead(200);
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384)));
      };
      response.on('drain', pour);
      pour();
    });
    const http = sender(LOOPBACK);
    expect(await post(http, `http://127.0.0.1:${port}`)).toEqual({ answer: { status: 200 } });
    await expect
      .poll(() => connections.every((socket) => (socket as { destroyed: boolean }).destroyed))
      .toBe(true);
  });

  it('keeps connections for the next post', async () => {
    const { port, connections } = await serve((_, response) => response.end('thanks'));
    const http = sender(LOOPBACK);
    for (let i = 0; i < 10; i++) await post(http, `http://127.0.0.1:${port}`);
    // An answer is read to its end while the next post may already need a connection.
    expect(connections.length).toBeLessThanOrEqual(2);
  });

  it('reads Retry-After', async () => {
    const { port } = await serve((_, response) => response.writeHead(503, { 'retry-after': '7' }).end());
    expect(await post(sender(LOOPBACK), `http://127.0.0.1:${port}`)).toEqual({
      answer: { status: 503, retryAfterMs: 7_000 },
    });
  });

  it('does not know whether a connection that breaks after the request took it', async () => {
    const server = createTcpServer((socket) => socket.once('data', () => socket.destroy()));
    const port = await listen(server);
    cleanups.push(async () => server.close());
    expect(await post(sender(LOOPBACK), `http://127.0.0.1:${port}`)).toMatchObject({
      failed: { kind: 'retryable', code: 'CHANNEL_CONNECTION_FAILED', mayHaveSent: true },
    });
  });

  it('sends nothing to a server whose certificate is not trusted', async () => {
    // smtp-server brings a self-signed certificate; the handshake is all that is used of it here.
    const server = new SMTPServer({ secure: true });
    server.on('error', () => undefined);
    const port = await listen(server.server);
    cleanups.push(() => new Promise((resolve) => server.close(() => resolve(undefined))));
    expect(await post(sender(LOOPBACK), `https://127.0.0.1:${port}`)).toMatchObject({
      failed: { kind: 'retryable', code: 'CHANNEL_CONNECTION_FAILED', mayHaveSent: false },
    });
  });

  it('stops at once while others wait for the connections', async () => {
    let calls = 0;
    const { port } = await serve(() => void calls++);
    const http = sender(LOOPBACK);
    const [stopAll, stopLast] = [new AbortController(), new AbortController()];
    const waiting = Array.from({ length: 16 }, () => post(http, `http://127.0.0.1:${port}`, stopAll.signal));
    const last = post(http, `http://127.0.0.1:${port}`, stopLast.signal);
    await expect.poll(() => calls).toBe(waiting.length);
    stopLast.abort();
    expect(await last).toMatchObject({ failed: { kind: 'retryable', mayHaveSent: false } });
    stopAll.abort();
    for (const result of await Promise.all(waiting))
      expect(result).toMatchObject({ failed: { mayHaveSent: true } });
  });
});

describe('failedOutcome', () => {
  const request = { url: new URL('https://user.example/hook'), signal: new AbortController().signal };
  const coded = (code: string) => Object.assign(new Error('text of the other side'), { code });

  it.each([
    [coded('ENOTFOUND'), false, 'CHANNEL_CONNECTION_FAILED', false],
    [coded('UND_ERR_CONNECT_TIMEOUT'), false, 'CHANNEL_CONNECTION_FAILED', false],
    [coded('DEPTH_ZERO_SELF_SIGNED_CERT'), false, 'CHANNEL_CONNECTION_FAILED', false],
    [new AggregateError([coded('ECONNREFUSED')]), false, 'CHANNEL_CONNECTION_FAILED', false],
    [coded('ECONNRESET'), true, 'CHANNEL_CONNECTION_FAILED', true],
    [coded('UND_ERR_HEADERS_TIMEOUT'), true, 'CHANNEL_CONNECTION_FAILED', true],
    ['not an error', true, 'CHANNEL_CONNECTION_FAILED', true],
  ])('%s, left: %s → %s', (error, left, code, mayHaveSent) => {
    const outcome = failedOutcome(error, request, left);
    expect(outcome).toMatchObject({ kind: 'retryable', code, mayHaveSent });
    expect(JSON.stringify(outcome)).not.toContain('text of the other side');
  });
});
