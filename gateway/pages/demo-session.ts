/** What the demo page needs to act as the demo user and as the demo app, given only to whom the settings say. */
import { BlockList, isIPv6 } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { signUserToken } from '../../platform/auth/user-token.ts';
import { type Settings, SettingsError } from '../../platform/config/settings.ts';
import { isOn, type RunOptions } from '../../platform/lifecycle/run-options.ts';
import { DEMO_USER } from '../../platform/names/demo.ts';
import { DEFAULT_WORKSPACE } from '../../platform/names/ids.ts';

export interface DemoOptions {
  /** `this-machine`: browsers on the machine that runs the gateway, at a loopback name. */
  readonly access: 'everyone' | 'this-machine';
  /** HERALD_JWT_SECRET. */
  readonly jwtSecret: string;
  /** HERALD_DEMO_APP_KEY. */
  readonly appKey: string;
}

/**
 * The demo as the settings want it; undefined where it is off.
 * @throws SettingsError naming the secrets that it needs and that are missing.
 */
export function demoOptions(settings: Settings, run: RunOptions): DemoOptions | undefined {
  const { HERALD_DEMO, HERALD_JWT_SECRET: jwtSecret, HERALD_DEMO_APP_KEY: appKey } = settings;
  if (!isOn(HERALD_DEMO, run)) return undefined;
  if (!jwtSecret || !appKey)
    throw new SettingsError([
      'HERALD_JWT_SECRET and HERALD_DEMO_APP_KEY: must be set where HERALD_DEMO is on',
    ]);
  return { access: HERALD_DEMO === 'on' ? 'everyone' : 'this-machine', jwtSecret, appKey };
}

/** What GET /inbox/session answers. */
export interface DemoSession {
  readonly userToken: string;
  /** RFC 3339: ask again before. */
  readonly expiresAt: string;
  readonly appKey: string;
  readonly user: string;
}

const TOKEN_TTL_S = 15 * 60;

/** @returns gives a session to callers that may have one, undefined to others. */
export function demoSessions(
  options: DemoOptions,
): (request: FastifyRequest) => Promise<DemoSession | undefined> {
  return async (request) => {
    if (
      options.access === 'this-machine' &&
      !isFromThisMachine(request.socket.remoteAddress, request.headers)
    )
      return;
    const { token: userToken, expiresAt } = await signUserToken(options.jwtSecret, {
      workspace: DEFAULT_WORKSPACE,
      user: DEMO_USER,
      ttlSeconds: TOKEN_TTL_S,
    });
    return { userToken, expiresAt: expiresAt.toISOString(), appKey: options.appKey, user: DEMO_USER };
  };
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]']);
/** A proxy on this machine speaks for somebody who may be anywhere. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/**
 * Whether a browser on this machine asks, by a name that only this machine has. The name matters: a page of a
 * stranger whose name is made to resolve to 127.0.0.1 (DNS rebinding) calls from here, too.
 */
export function isFromThisMachine(
  remoteAddress: string | undefined,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): boolean {
  const { host } = headers;
  if (remoteAddress === undefined || typeof host !== 'string' || !URL.canParse(`http://${host}`))
    return false;
  return (
    // A BlockList takes IPv4 addresses written as IPv6 (::ffff:127.0.0.1) for what they are.
    loopback.check(remoteAddress, isIPv6(remoteAddress) ? 'ipv6' : 'ipv4') &&
    LOOPBACK_NAMES.has(new URL(`http://${host}`).hostname) &&
    PROXY_HEADERS.every((name) => headers[name] === undefined)
  );
}
