/** Who sent an HTTP request: found out before its body is read, so that nobody makes the gateway read 16 MiB in vain. */
import type { FastifyRequest, onRequestHookHandler } from 'fastify';
import type { Principal, RequestContext } from '../../platform/auth/principal.ts';
import type { Authenticator } from '../authentication/authenticator.ts';

const principals = new WeakMap<FastifyRequest, Principal>();

/** An onRequest hook. Its HeraldErrors are the route's error handler's: 401 for wrong credentials, 503 when unknown. */
export const authenticateRequest =
  (authenticator: Authenticator): onRequestHookHandler =>
  (request, _reply, done) => {
    authenticator.authenticate(request.headers.authorization, request.id).then((principal) => {
      if (principal) principals.set(request, principal);
      done();
    }, done);
  };

/** The context of the request's resolvers. Only behind `authenticateRequest`. */
export function callerContext(request: FastifyRequest): RequestContext {
  const principal = principals.get(request);
  return principal ? { requestId: request.id, principal } : { requestId: request.id };
}
