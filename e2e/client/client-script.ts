/** The client's browser part as a script that a page can run: its exports are in `herald`. */
import { resolve } from 'node:path';
import { build } from 'esbuild';

export async function clientScript(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `import * as herald from './browser/index.ts'; Object.assign(globalThis, { herald });`,
      resolveDir: resolve(import.meta.dirname, '../../client'),
      loader: 'ts',
    },
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
  });
  return outputFiles[0]?.text ?? '';
}
