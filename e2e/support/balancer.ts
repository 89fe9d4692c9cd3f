/** A TCP load balancer: each connection goes to the next of the ports that takes it. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Balancer {
  /** `http://127.0.0.1:…`. */
  readonly url: string;
  close(): Promise<void>;
}

export async function startBalancer(urls: readonly string[]): Promise<Balancer> {
  const ports = urls.map((url) => Number(new URL(url).port));
  const sockets = new Set<Socket>();
  let next = 0;
  const join = (client: Socket, tried: number): void => {
    const port = ports[next++ % ports.length] ?? 0;
    const server = connect(port, '127.0.0.1');
    let joined = false;
    server.once('connect', () => {
      joined = true;
      sockets.add(server);
      client.pipe(server).pipe(client);
    });
    server.once('error', () => {
      // Nobody listens there: the next one. A connection that was made ends with its other side.
      if (!joined && tried + 1 < ports.length) join(client, tried + 1);
      else client.destroy();
    });
    server.once('close', () => {
      sockets.delete(server);
      if (joined) client.destroy();
    });
    client.once('close', () => server.destroy());
  };
  const server = createServer((client) => {
    sockets.add(client);
    client.once('close', () => sockets.delete(client));
    client.on('error', () => client.destroy());
    join(client, 0);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
