import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freePort, isPortFree, LOOPBACK } from './free-port.ts';

describe('freePort', () => {
  it('is one where a server can be started again, whatever connections are made meanwhile', async () => {
    for (let i = 0; i < 20; i++) {
      const port = await freePort();
      expect(port).toBeLessThan(32_768);
      expect(await isPortFree(port, LOOPBACK)).toBe(true);
    }
  });

  it('is the wanted one where that is free, and another where it is not', async () => {
    const wanted = await freePort();
    expect(await freePort(wanted)).toBe(wanted);
    const server = createServer().listen(wanted, LOOPBACK);
    await once(server, 'listening');
    expect(await freePort(wanted)).not.toBe(wanted);
    server.close();
  });
});
