/** What a page pays for the client: minified, gzip. */
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const CLIENT = resolve(import.meta.dirname, '../client');
const KB = 1_024;

/** As an application's bundler makes it of this one import. */
async function gzipBytes(source: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: CLIENT, loader: 'ts' },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    external: ['react', 'react/jsx-runtime', 'react-dom'],
  });
  return gzipSync(outputFiles[0]?.contents ?? new Uint8Array(), { level: 9 }).byteLength;
}

test.each([
  ['browser core: inbox and push', `export * from './browser/index.ts'`, 12 * KB],
  ['inbox alone', `export { createInbox } from './browser/index.ts'`, 12 * KB],
  ['push alone', `export { enablePush, disablePush } from './browser/index.ts'`, 5 * KB],
  ['React parts with the inbox', `export * from './react/index.ts'`, 40 * KB],
  ['service worker', `import './browser/push/herald-sw.js'`, 2 * KB],
])('%s', async (name, source, limit) => {
  const bytes = await gzipBytes(source);
  console.log(`@herald/client, ${name}: ${(bytes / KB).toFixed(2)} KB gzip (limit ${limit / KB})`);
  expect(bytes).toBeGreaterThan(200);
  expect(bytes).toBeLessThanOrEqual(limit);
});
