/** Who sent an HTTP request: found out before its body is read, so that nobody makes the gateway read 16 MiB in vain. */
import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import type { Principal, RequestContext } from '../../platform/auth/principal.ts';
import type { CallerAuthentication } from '../authentication/authenticator.ts';
import { forwardedHeaders } from './forwarded-headers.ts';

const principals = new WeakMap<FastifyRequest, Principal>();

/** An onRequest hook. Its HeraldErrors are the route's error handler's: 401 for wrong credentials, 503 when unknown. */
export const authenticateRequest =
  (authenticator: CallerAuthentication): onRequestHookHandler =>
  (request, _reply, done) => {
    authenticator.authenticate(request.headers.authorization, request.id).then((principal) => {
      if (principal) principals.set(request, principal);
      done();
    }, done);
  };

/**
 * The context of the request's resolvers. Only behind `authenticateRequest`.
 * @param forward names of headers that subgraphs of others are given.
 */
export function callerContext(request: FastifyRequest, forward: readonly string[]): RequestContext {
  const principal = principals.get(request);
  return {
    requestId: request.id,
    ...(principal && { principal }),
    ...(forward.length > 0 && { forwarded: forwardedHeaders(forward, request.headers) }),
  };
}
