/** Builds `@herald/client` into client/dist: ES modules, declarations, the service worker and the style sheet. */
import { spawnSync } from 'node:child_process';
import { copyFile, glob, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '..');
const CLIENT = join(ROOT, 'client');
const DIST = join(CLIENT, 'dist');

const OPTIONS = {
  absWorkingDir: CLIENT,
  outdir: DIST,
  outbase: CLIENT,
  bundle: true,
  format: 'esm',
  packages: 'external',
  sourcemap: true,
  jsx: 'automatic',
  logLevel: 'warning',
} as const;

await rm(DIST, { recursive: true, force: true });
await build({ ...OPTIONS, entryPoints: ['index.ts'], platform: 'node', target: 'node20' });
// One copy of what the browser core and the React parts share.
await build({
  ...OPTIONS,
  entryPoints: ['browser/index.ts', 'react/index.ts'],
  platform: 'browser',
  target: 'es2022',
  splitting: true,
  banner: { js: "'use client';" },
});
const declarations = spawnSync(
  join(ROOT, 'node_modules/.bin/tsc'),
  [
    ...['-p', CLIENT, '--noEmit', 'false', '--declaration', '--emitDeclarationOnly'],
    ...['--rootDir', CLIENT, '--outDir', DIST],
  ],
  { stdio: 'inherit' },
);
if (declarations.status !== 0) throw new Error('tsc wrote no declarations.');
// The sources import each other as .ts; readers of the declarations know them as .js.
for await (const path of glob('**/*.d.ts', { cwd: DIST })) {
  const text = await readFile(join(DIST, path), 'utf8');
  await writeFile(
    join(DIST, path),
    text.replaceAll(/(from ['"]\.[^'"]+|import\(['"]\.[^'"]+)\.tsx?(?=['"])/g, '$1.js'),
  );
}
await copyFile(join(CLIENT, 'browser/push/herald-sw.js'), join(DIST, 'herald-sw.js'));
await copyFile(join(CLIENT, 'react/react.css'), join(DIST, 'react/react.css'));
console.log('wrote client/dist');
