/** Runs every check that is a command of its own: a line for each with its time, and what a failing one said. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const BIN = resolve(ROOT, 'node_modules/.bin');

interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** The slowest first; two run at a time. */
const CHECKS: readonly Check[] = [
  { name: 'types (tsc)', command: ['tsc', '--noEmit', '-p', '.'] },
  { name: 'types of the pages (tsc)', command: ['tsc', '--noEmit', '-p', 'gateway/pages'] },
  { name: 'types of the client (tsc)', command: ['tsc', '--noEmit', '-p', 'client'] },
  { name: 'types of the React parts (tsc)', command: ['tsc', '--noEmit', '-p', 'client/react'] },
  {
    name: 'format and lint (biome)',
    command: ['biome', 'ci', '--colors=off', '--diagnostic-level=error', '.'],
  },
  {
    name: 'import rules (dependency-cruiser)',
    command: ['depcruise', '--config', '.dependency-cruiser.cjs', '.'],
  },
  { name: 'dead code (knip)', command: ['knip', '--no-progress'] },
];

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
  readonly seconds: number;
}

function run([file, ...args]: Check['command']): Promise<Outcome> {
  const started = performance.now();
  return new Promise((done) => {
    const chunks: Buffer[] = [];
    const child = spawn(resolve(BIN, file), args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    const end = (ok: boolean, more = '') =>
      done({
        ok,
        output: Buffer.concat(chunks).toString() + more,
        seconds: (performance.now() - started) / 1_000,
      });
    child.on('error', (error) => end(false, error.message));
    child.on('close', (code) => end(code === 0));
  });
}

const waiting = [...CHECKS];
let failed = 0;
async function worker(): Promise<void> {
  for (let check = waiting.shift(); check; check = waiting.shift()) {
    const { ok, output, seconds } = await run(check.command);
    console.log(`${ok ? '✓' : '✗'} ${check.name} ${seconds.toFixed(1)} s`);
    if (ok) continue;
    failed += 1;
    console.log(output.trimEnd().replaceAll(/^/gm, '    '));
  }
}
await Promise.all([worker(), worker()]);
if (failed > 0) {
  console.error(`${failed} of ${CHECKS.length} checks failed`);
  process.exitCode = 1;
}
