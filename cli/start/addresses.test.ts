import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { CommandFailure } from '../failure.ts';
import { claimPort, localUrl } from './addresses.ts';

test.each([
  ['127.0.0.1', 'http://127.0.0.1:4000'],
  ['0.0.0.0', 'http://127.0.0.1:4000'],
  ['::', 'http://[::1]:4000'],
  ['::1', 'http://[::1]:4000'],
  ['localhost', 'http://localhost:4000'],
])('localUrl(%s)', (host, url) => {
  expect(localUrl(host, 4000)).toBe(url);
});

test('a free port is taken as it is, 0 is any, a taken one is a sentence', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await expect(claimPort('127.0.0.1', port)).rejects.toThrow(
    `PORT: port ${port} on 127.0.0.1 is taken by another program.`,
  );
  await new Promise((resolve) => server.close(resolve));
  expect(await claimPort('127.0.0.1', port)).toBe(port);
  expect(await claimPort('127.0.0.1', 0)).toBeGreaterThan(1023);
  await expect(claimPort('203.0.113.7', port)).rejects.toThrow(
    new CommandFailure(
      'HOST, PORT: 203.0.113.7 is no address of this machine; set HOST to one, or to 0.0.0.0.',
    ),
  );
});
