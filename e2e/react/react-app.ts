/** An application with the React components, bundled and served from an origin of its own. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { build } from 'esbuild';
import type { BrowserContext, Page } from 'playwright-core';
import { troubleOf } from '../support/chromium.ts';
import type { PageConfig } from './page/page-config.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** A folder with another release of React in its node_modules, such as 18. */
const OTHER_REACT = process.env.TEST_REACT_FOLDER;

export interface ReactPage {
  readonly page: Page;
  /** What went wrong in it. */
  readonly trouble: readonly string[];
}

export class ReactApp {
  readonly #server = createServer();

  async start(): Promise<void> {
    const files = new Map([
      ['/page.js', { type: 'text/javascript', body: await bundle() }],
      ['/react.css', { type: 'text/css', body: await readFile(resolve(ROOT, 'client/react/react.css')) }],
      ['/shoe.svg', { type: 'image/svg+xml', body: PICTURE }],
    ]);
    this.#server.on('request', ({ url = '/' }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://app');
      const config = searchParams.get('config');
      const known = config === null ? files.get(pathname) : { type: 'text/html', body: html(config) };
      const { type, body } = known ?? { type: 'text/plain', body: `Another page: ${pathname}` };
      response.writeHead(200, { 'content-type': `${type}; charset=utf-8` });
      response.end(body);
    });
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** In a new tab. */
  async open(context: BrowserContext, config: PageConfig): Promise<ReactPage> {
    const page = await context.newPage();
    const trouble = troubleOf(page);
    const { port } = this.#server.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/?config=${encodeURIComponent(JSON.stringify(config))}`);
    return { page, trouble };
  }
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [resolve(import.meta.dirname, 'page/page.tsx')],
    bundle: true,
    write: false,
    format: 'esm',
    jsx: 'automatic',
    // React warns of mistakes in development only.
    define: { 'process.env.NODE_ENV': '"development"' },
    logLevel: 'silent',
    ...(OTHER_REACT === undefined
      ? {}
      : {
          alias: {
            react: resolve(OTHER_REACT, 'node_modules/react'),
            'react-dom': resolve(OTHER_REACT, 'node_modules/react-dom'),
          },
        }),
  });
  return outputFiles[0]?.text ?? '';
}

const PICTURE = `<svg xmlns="http://www.w3.org/2000/svg" width="480" height="160">
<rect width="480" height="160" fill="#c7d2fe"/><circle cx="240" cy="80" r="48" fill="#4f46e5"/></svg>`;

function html(json: string): string {
  const { theme, locale = 'en', bell = 'end' }: PageConfig = JSON.parse(json);
  return `<!doctype html>
<html lang="${locale}" style="color-scheme: ${theme ?? 'light dark'}">
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Application</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/react.css">
<style>
  body { margin: 0; font: 16px/1.5 "Noto Sans", "Liberation Sans", sans-serif; }
  nav { display: flex; padding: .5rem 1rem; justify-content: ${bell}; }
  main { max-width: 34rem; margin: 1rem auto; padding: 0 .5rem; --herald-max-height: 34rem; }
</style>
<div id="root"></div>
<button id="outside">Elsewhere</button>
<script type="application/json" id="config">${json.replaceAll('<', '\\u003c')}</script>
<script type="module" src="/page.js"></script>
</html>`;
}
