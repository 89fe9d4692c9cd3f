import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type FastifyInstance, fastify } from 'fastify';
import { afterEach, describe, expect, test } from 'vitest';
import { userTokenVerifier } from '../authentication/user-tokens.ts';
import { createPages, type PagesOptions } from './pages.ts';

const JWT_SECRET = 'a secret of at least thirty-two characters';
const demo = { access: 'this-machine', jwtSecret: JWT_SECRET, appKey: 'hk_of-the-demo-app' } as const;

let app: FastifyInstance | undefined;
afterEach(() => app?.close());

async function serve(options: PagesOptions): Promise<FastifyInstance> {
  const pages = await createPages(options);
  app = fastify();
  await pages.register(app);
  app.get('/graphql', pages.graphql);
  return app;
}

describe('pages', () => {
  test.each(['/inbox', '/console', '/graphql'])('%s allows only its own scripts', async (url) => {
    const { statusCode, headers, body } = await (await serve({ demo })).inject(url);
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    expect(body).not.toMatch(
      /<script(?![^>]*\ssrc="\/assets\/)|<style|\son\w+=|\sstyle=|(?:src|href)="(?:https?:)?\/\//,
    );
  });

  test('every script and style that is loaded is there, with its type', async () => {
    const server = await serve({ demo });
    const files = (await readdir(join(import.meta.dirname, 'static'), { recursive: true }))
      .filter((name) => /\.(js|css|svg)$/.test(name))
      .map((name) => `/assets/${name}`);
    const seen = new Set<string>();
    const waiting = [...files, '/inbox', '/console', '/graphql', '/herald-sw.js'];
    for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
      if (seen.has(url)) continue;
      seen.add(url);
      const { statusCode, headers, body } = await server.inject(url);
      expect([url, statusCode]).toEqual([url, 200]);
      if (url.endsWith('.js')) expect(headers['content-type']).toContain('javascript');
      const from = new URL(url, 'http://localhost');
      const loaded = /(?:src|href)="(\/assets\/[^"]+)"|^(?:import|export)\b[^'";]*from '([^']+)'/gm;
      for (const [, inPage, inScript] of body.matchAll(loaded))
        waiting.push(new URL(inPage ?? inScript ?? '', from).pathname);
    }
    expect([...seen].some((url) => url.startsWith('/assets/vendor/graphql-ws/common-'))).toBe(true);
  });

  test('an unchanged file is not sent again', async () => {
    const server = await serve({ demo });
    const first = await server.inject('/assets/base.css');
    expect(first.headers['cache-control']).toBe('no-cache');
    const again = await server.inject({
      url: '/assets/base.css',
      headers: { 'if-none-match': String(first.headers.etag) },
    });
    expect(again.statusCode).toBe(304);
  });

  test.each([
    '/assets/../pages.ts',
    '/assets/%2e%2e/pages.ts',
    '/assets/vendor/graphql-ws/server.js',
    '/assets/vendor/graphql-ws/../package.json',
  ])('%s is not given out', async (url) => {
    expect((await (await serve({ demo })).inject(url)).statusCode).toBeGreaterThanOrEqual(400);
  });

  test('/ leads to the demo, or to the console without one', async () => {
    expect((await (await serve({ demo })).inject('/')).headers.location).toBe('/inbox');
    await app?.close();
    expect((await (await serve({})).inject('/')).headers.location).toBe('/console');
  });
});

describe('/inbox/session', () => {
  test('is a short-lived token of the demo user that the gateway takes', async () => {
    const response = await (await serve({ demo })).inject({
      url: '/inbox/session',
      headers: { host: 'localhost:4000' },
    });
    expect(response.statusCode).toBe(200);
    expect(response.headers['cache-control']).toBe('no-store');
    const session = response.json<{ userToken: string; expiresAt: string; appKey: string; user: string }>();
    expect(session).toMatchObject({ appKey: demo.appKey, user: 'demo' });
    const principal = await userTokenVerifier(JWT_SECRET)(session.userToken);
    expect(principal).toMatchObject({ kind: 'user', workspace: 'default', user: 'demo' });
    expect(new Date(session.expiresAt).getTime()).toBe(principal.expiresAt * 1_000);
    const leftMs = principal.expiresAt * 1_000 - Date.now();
    expect(leftMs).toBeGreaterThan(10 * 60_000);
    expect(leftMs).toBeLessThanOrEqual(15 * 60_000);
  });

  test.each<[string, PagesOptions, string, number]>([
    ['without the demo', {}, 'localhost', 404],
    ['by another name', { demo }, 'rebound.example', 404],
    ['for everyone, by another name', { demo: { ...demo, access: 'everyone' } }, 'herald.example', 200],
  ])('%s', async (_name, options, host, status) => {
    const response = await (await serve(options)).inject({ url: '/inbox/session', headers: { host } });
    expect(response.statusCode).toBe(status);
    if (status === 404) {
      expect(response.json()).toEqual({ message: expect.stringContaining('HERALD_DEMO') });
      expect(response.body).not.toContain(demo.appKey);
    }
  });
});
