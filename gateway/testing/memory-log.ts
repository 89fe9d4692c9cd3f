/** A log that tests can read. */
import { Writable } from 'node:stream';
import { pino } from 'pino';
import type { Logger } from '../../platform/logging/logger.ts';

export interface MemoryLog {
  readonly log: Logger;
  /** Parsed lines, oldest first. */
  readonly lines: Record<string, unknown>[];
}

export function memoryLog(): MemoryLog {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  return { log: pino({ level: 'info', formatters: { level: (level) => ({ level }) } }, stream), lines };
}
