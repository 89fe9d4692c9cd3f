/** What a person sees in a browser: /inbox (the demo), /console (operators), and the explorer at GET /graphql. */

import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { GatewayPages } from '../gateway.ts';
import { type DemoOptions, demoSessions } from './demo-session.ts';
import { ASSET_HEADERS, PAGE_HEADERS } from './page-headers.ts';

export interface PagesOptions {
  /** Absent: the demo is off, and /inbox says so. */
  readonly demo?: DemoOptions | undefined;
}

const STATIC = resolve(import.meta.dirname, 'static');
/** The client's: pages of others serve the same file. */
const SERVICE_WORKER = resolve(import.meta.dirname, '../../client/browser/push/herald-sw.js');
/** The browser build that the package ships: pages load it from here, never from another host. */
const GRAPHQL_WS = dirname(fileURLToPath(import.meta.resolve('graphql-ws/client')));

const DEMO_OFF =
  'The demo inbox is off. HERALD_DEMO=auto serves it to browsers on the machine that runs `npm start`, at http://localhost; HERALD_DEMO=on to everyone.';

const FILES = {
  index: false,
  decorateReply: false,
  cacheControl: false,
  setHeaders: (reply: FastifyReply) => {
    reply.headers(ASSET_HEADERS);
  },
} as const;

/** Reads the pages once. @throws Error when a file of the installation is missing. */
export async function createPages(options: PagesOptions): Promise<Required<GatewayPages>> {
  const [inbox, console, explorer, serviceWorker] = await Promise.all(
    [
      ...['inbox.html', 'console.html', 'explorer.html'].map((name) => join(STATIC, name)),
      SERVICE_WORKER,
    ].map((path) => readFile(path)),
  );
  const page = (body: Buffer | undefined) => (_request: unknown, reply: FastifyReply) =>
    reply.headers(PAGE_HEADERS).type('text/html; charset=utf-8').send(body);
  const sessionFor = options.demo && demoSessions(options.demo);

  return {
    graphql: page(explorer),
    async register(app: FastifyInstance): Promise<void> {
      app.get('/', (_request, reply) => reply.redirect(options.demo ? '/inbox' : '/console'));
      app.get('/inbox', page(inbox));
      app.get('/console', page(console));
      app.get('/inbox/session', async (request, reply) => {
        reply.headers({ 'cache-control': 'no-store', 'cross-origin-resource-policy': 'same-origin' });
        const session = await sessionFor?.(request);
        return session ?? reply.code(404).send({ message: DEMO_OFF });
      });
      // At the root, because a service worker sees only what is below its own path.
      app.get('/herald-sw.js', (_request, reply) =>
        reply.headers(ASSET_HEADERS).type('text/javascript; charset=utf-8').send(serviceWorker),
      );
      await app.register(fastifyStatic, { ...FILES, root: STATIC, prefix: '/assets/' });
      await app.register(fastifyStatic, {
        ...FILES,
        root: GRAPHQL_WS,
        prefix: '/assets/vendor/graphql-ws/',
        allowedPath: (path) => /^\/(client|common-[\w-]+)\.js$/.test(path),
      });
    },
  };
}
