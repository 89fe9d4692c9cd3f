#!/usr/bin/env node
// Plain JavaScript, so that any Node can read it: an older one (`npx herald` outside of `npm run`) starts the Node
// of the npm package `node`, which runs TypeScript as it is.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as modules from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LEAST = [22, 18];
const [major, minor] = process.versions.node.split('.').map(Number);

if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) {
  // What was compiled once starts several times as fast; the roles inherit it (see start/supervisor.ts).
  modules.enableCompileCache();
  const { main } = await import('./herald.ts');
  await main(process.argv);
} else {
  runWithPinnedNode();
}

function runWithPinnedNode() {
  let node;
  try {
    node = join(dirname(modules.createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
  } catch {
    node = undefined;
  }
  if (node === undefined || !existsSync(node)) {
    console.error(
      `herald needs Node ${LEAST.join('.')} or newer; this is ${process.versions.node}, and the npm package "node" is not installed. Run npm ci first.`,
    );
    process.exitCode = 1;
    return;
  }
  // The channel ends with this process, however it ends: herald then ends too.
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  // Ctrl-C reaches the child by itself; other signals are passed on.
  process.on('SIGINT', () => undefined);
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGQUIT']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`herald: ${node} cannot be run: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    if (signal !== null) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exitCode = code ?? 1;
  });
}
