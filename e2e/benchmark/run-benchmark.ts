/** Runs a benchmark's script as a person would, on the tests' data services. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { freshDatabase } from '../../testing/fresh.ts';

const ROOT = join(import.meta.dirname, '../..');

/** @param file from the repository's root. @returns what it printed, to either stream, and how it ended. */
export function runBenchmark(
  services: ReturnType<typeof freshDatabase>,
  file: string,
  args: readonly string[],
): Promise<{ code: number | null; output: string }> {
  const env = {
    ...process.env,
    TEST_MONGODB_URI: services.mongodbUri,
    TEST_REDIS_URL: services.redisUrl,
    HERALD_NAMESPACE: services.namespace,
  };
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(ROOT, file), ...args], { cwd: ROOT, env });
    let output = '';
    const take = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('close', (code) => resolve({ code, output }));
  });
}
