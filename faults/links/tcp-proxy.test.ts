import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type LinkProxy, startProxy } from './tcp-proxy.ts';

let echo: Server;
let link: LinkProxy;
const open: Socket[] = [];

beforeEach(async () => {
  echo = createServer((socket) => {
    open.push(socket);
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  link = await startProxy((echo.address() as AddressInfo).port);
});
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  await link.close();
  echo.close();
});

/** A client of the link, with all that it has heard. */
async function client(): Promise<{ socket: Socket; heard: () => string; ended: Promise<string> }> {
  const socket = connect({ port: link.port, host: '127.0.0.1' });
  open.push(socket);
  let heard = '';
  socket.on('data', (bytes: Buffer) => {
    heard += bytes.toString();
  });
  const ended = new Promise<string>((resolve) => {
    socket.once('error', (error) => resolve('code' in error ? String(error.code) : error.message));
    socket.once('end', () => resolve('end'));
  });
  await once(socket, 'connect');
  return { socket, heard: () => heard, ended };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('a link', () => {
  test('passes bytes and the end on', async () => {
    const { socket, heard, ended } = await client();
    socket.write('hello');
    await expect.poll(heard).toBe('hello');
    socket.end();
    expect(await ended).toBe('end');
    await expect.poll(() => link.connections).toBe(0);
  });

  test('that is late delays each direction, and keeps the order', async () => {
    const { socket, heard } = await client();
    link.delay(100);
    const at = performance.now();
    for (const piece of ['a', 'b', 'c']) {
      socket.write(piece);
      await pause(5);
    }
    await expect.poll(heard).toBe('abc');
    expect(performance.now() - at).toBeGreaterThanOrEqual(200);
  });

  test('that is cut resets what is open and refuses what is new, until it is restored', async () => {
    const { port } = link;
    const { ended } = await client();
    await expect.poll(() => link.connections).toBe(1);
    await link.cut();
    expect(await ended).toBe('ECONNRESET');
    const refused = connect({ port, host: '127.0.0.1' });
    expect((await once(refused, 'error'))[0]).toMatchObject({ code: 'ECONNREFUSED' });
    await link.restore();
    expect(link.port).toBe(port);
    const { socket, heard } = await client();
    socket.write('again');
    await expect.poll(heard).toBe('again');
  });

  test.each(['arrive', 'lost'] as const)('as a black hole is silent; afterwards bytes %s', async (held) => {
    const before = await client();
    before.socket.write('1');
    await expect.poll(before.heard).toBe('1');
    link.blackHole();
    before.socket.write('2');
    const during = await client();
    during.socket.write('3');
    await expect.poll(() => link.connections).toBe(2);
    await pause(100);
    expect([before.heard(), during.heard()]).toEqual(['1', '']);
    await link.restore(held);
    if (held === 'arrive') {
      await expect.poll(before.heard).toBe('12');
      await expect.poll(during.heard).toBe('3');
    } else {
      expect([await before.ended, await during.ended]).toEqual(['ECONNRESET', 'ECONNRESET']);
      expect([before.heard(), during.heard()]).toEqual(['1', '']);
    }
  });
});
