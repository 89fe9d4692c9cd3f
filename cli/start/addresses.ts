/** Where this machine's browser finds what listens on `host`. */

import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, isPortFree } from '../../platform/data-services/free-port.ts';
import { isErrno } from '../../platform/data-services/process-identity.ts';
import { CommandFailure } from '../failure.ts';

const PATIENCE_MS = 1_500;

/** All interfaces are reached by loopback; IPv6 addresses go in brackets. */
export function localUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/**
 * The port to listen on; 0 stands for any free one.
 * @throws CommandFailure when it is taken or may not be used.
 */
export async function claimPort(host: string, port: number): Promise<number> {
  if (port === 0) return freePort();
  try {
    // What held it may be just letting go: an earlier start, a connection that had it by chance.
    for (const end = Date.now() + PATIENCE_MS; ; await sleep(100)) {
      if (await isPortFree(port, host)) return port;
      if (Date.now() >= end) break;
    }
  } catch (error) {
    const why = isErrno(error, 'EACCES')
      ? `this user may not listen on port ${port}; set PORT to one above 1023`
      : isErrno(error, 'EADDRNOTAVAIL') || isErrno(error, 'ENOTFOUND')
        ? `${host} is no address of this machine; set HOST to one, or to 0.0.0.0`
        : String(error);
    throw new CommandFailure(`HOST, PORT: ${why}.`, 1, { cause: error });
  }
  throw new CommandFailure(
    `PORT: port ${port} on ${host} is taken by another program. Stop that, or set another: PORT=${port + 10} npm start`,
  );
}
