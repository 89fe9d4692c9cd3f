/** Ports on the loopback interface. */
import { randomInt } from 'node:crypto';
import { connect, createServer } from 'node:net';
import { isErrno } from './process-identity.ts';

export const LOOPBACK = '127.0.0.1';

/**
 * Below the ports that systems give to outgoing connections (from 32768 on Linux, from 49152 elsewhere): one of those
 * may be taken before whoever asked for it listens there, or while its server is started again.
 */
const LOWEST_PORT = 10_000;
const HIGHEST_PORT = 26_000;
const MAX_TRIES = 100;

/** A free port: the wanted one where it is free. @throws Error when the system has none. */
export async function freePort(wanted?: number): Promise<number> {
  if (wanted !== undefined && (await isPortFree(wanted, LOOPBACK))) return wanted;
  for (let i = 0; i < MAX_TRIES; i++) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    // One that is reserved (EACCES) is as good as taken.
    if (await isPortFree(port, LOOPBACK).catch(() => false)) return port;
  }
  return (await listenOnce(0, LOOPBACK)).port;
}

/** Whether one can listen there. @throws Error for another reason than a port in use, for example EACCES. */
export async function isPortFree(port: number, host: string): Promise<boolean> {
  try {
    await listenOnce(port, host);
    return true;
  } catch (error) {
    if (isErrno(error, 'EADDRINUSE')) return false;
    throw error;
  }
}

function listenOnce(port: number, host: string): Promise<{ port: number }> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null
          ? resolve({ port: address.port })
          : reject(new Error('no port')),
      );
    });
  });
}

/** Whether something listens on a loopback port: cheaper to ask than a driver. @throws Error when nothing does. */
export function connectOnce(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: LOOPBACK, timeout: 1_000 });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => socket.destroy(new Error('no answer within 1 s')));
    socket.once('error', reject);
  });
}
