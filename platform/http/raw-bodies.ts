/** Bodies as they came: signatures are over their bytes, whatever their type says. */
import type { FastifyInstance } from 'fastify';

/** The routes of this scope get each body as a Buffer. */
export function takeRawBodies(routes: FastifyInstance): void {
  routes.removeAllContentTypeParsers();
  routes.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}
