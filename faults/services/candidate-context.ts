/** The product's own search for engines, without downloads of mongod. */
import { join, resolve } from 'node:path';
import { processEnvironment } from '../../platform/config/environment.ts';
import type { CandidateContext } from '../../platform/data-services/candidates.ts';
import { PythonPackages } from '../../platform/data-services/python-packages.ts';

/** Shared with the tests: what is installed there is kept from run to run. */
const TOOLS_DIR = resolve(import.meta.dirname, '../../node_modules/.cache/herald-tools');

export function candidateContext(): CandidateContext {
  const env = processEnvironment();
  const onProgress = (text: string) => process.stderr.write(`  ${text}\n`);
  return {
    env,
    toolsDir: TOOLS_DIR,
    python: new PythonPackages(join(TOOLS_DIR, 'python'), env, onProgress),
    allowDownload: false,
    onProgress,
  };
}
