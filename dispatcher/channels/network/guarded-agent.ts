/** HTTP connections to addresses that users chose: private networks are refused when connecting, after DNS. */
import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { type AddressVerdict, createAddressPolicy } from './address-policy.ts';

/** The host is, or resolves only to, addresses that may not be called. */
export class AddressNotAllowedError extends Error {
  override readonly name = 'AddressNotAllowedError';
  constructor(host: string) {
    super(`${host} is not a public address`);
  }
}

export interface GuardOptions {
  /** CIDRs that may be called although they are not public. */
  readonly allowedNetworks: readonly string[];
  /** Where `http:` without TLS may go. */
  readonly plainHttp: 'anywhere' | 'allowedNetworks';
}

const CONNECT_TIMEOUT_MS = 10_000;
/** Per host and port, so that one slow receiver does not take all sockets. */
const CONNECTIONS_PER_ORIGIN = 16;
/** An answer's body is not used: what does not end by then is cut off. */
const BODY_TIMEOUT_MS = 5_000;

/**
 * An undici agent whose sockets reach only allowed addresses. The check stands between name resolution and
 * connecting, so that a name cannot resolve to one address for a check and to another for the connection.
 * Requests fail with AddressNotAllowedError. It follows no redirects and uses no proxy.
 *
 * @throws Error for a network that is no CIDR.
 */
export function createGuardedAgent(options: GuardOptions): Agent {
  const judge = createAddressPolicy(options.allowedNetworks);
  const guardFor = (accepts: (verdict: AddressVerdict) => boolean) => {
    const acceptsAddress = (address: string) => accepts(judge(address));
    const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup(acceptsAddress) });
    return { acceptsAddress, connect };
  };
  const https = guardFor((verdict) => verdict !== 'refused');
  const http = options.plainHttp === 'anywhere' ? https : guardFor((verdict) => verdict === 'allowed');
  return new Agent({
    connections: CONNECTIONS_PER_ORIGIN,
    bodyTimeout: BODY_TIMEOUT_MS,
    connect(target, callback) {
      const guard = target.protocol === 'https:' ? https : http;
      // A socket to a literal address asks no resolver, so it is checked here.
      if (isIP(target.hostname) !== 0 && !guard.acceptsAddress(target.hostname))
        process.nextTick(callback, new AddressNotAllowedError(target.hostname), null);
      else guard.connect(target, callback);
    },
  });
}

function guardedLookup(accepts: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const usable = found.filter(({ address }) => accepts(address));
      const [first] = usable;
      if (!first) callback(new AddressNotAllowedError(hostname), []);
      else if (options.all) callback(null, usable);
      else callback(null, first.address, first.family);
    });
  };
}
