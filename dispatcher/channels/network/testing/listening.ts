/** A fake of the other side on a free port of this machine, for conformance fixtures. */
import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import type { FakeBehaviour } from '../../testing/fake-provider.ts';

/** What of a server is needed: that of `smpp` is declared as no `net.Server`. */
interface Listens {
  readonly listening: boolean;
  listen(port: number, host: string): unknown;
  address(): unknown;
  close(done: () => void): unknown;
  on(event: string, listener: (...args: never[]) => void): unknown;
}

export interface Listening {
  readonly port: number;
  openConnections(): Promise<number>;
  stop(): Promise<void>;
}

/** @param close ends the server; by its own `close` without. */
export async function listening(
  server: Listens,
  behaviour: FakeBehaviour,
  close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve())),
): Promise<Listening> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket: { destroy(): void; once(event: 'close', on: () => void): void }) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await once(server.listen(0, '127.0.0.1') as Parameters<typeof once>[0], 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    if (!server.listening) return;
    for (const socket of sockets) socket.destroy();
    await close();
  };
  if (behaviour === 'refuseConnection') await stop();
  return { port, openConnections: async () => sockets.size, stop };
}

/** The server of an HTTP fake, or what stands in its place where the behaviour is below HTTP. */
export function httpOrWorse(http: Server, behaviour: FakeBehaviour): Server {
  if (behaviour === 'silentConnection')
    return createTcpServer((socket) => socket.on('error', () => socket.destroy()));
  if (behaviour === 'malformedAnswer')
    return createTcpServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.end('220 this is not HTTP\r\n\r\n'));
    });
  return http;
}
