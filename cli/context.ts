/** What a command gets from its surroundings. */
import type { Environment } from '../platform/config/environment.ts';
import type { Output } from './start/progress.ts';

export interface CommandContext {
  readonly env: Environment;
  readonly stdout: Output;
  readonly stderr: Output;
}
