/** Structured logs (pino, JSON lines). Secrets never reach them. */
import { destination, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Header and log field that follow one request through gateway and subgraphs. */
export const REQUEST_ID_HEADER = 'x-request-id';

const REDACTED = [
  'authorization',
  'headers.authorization',
  'req.headers.authorization',
  '*.authorization',
  'apiKey',
  '*.apiKey',
  '*.token',
  '*.password',
  '*.secret',
];

/**
 * @param role shown in every line.
 * @param file a path to append to; standard output when absent.
 */
export function createLogger(options: { level: string; role: string; file?: string }): Logger {
  return pino(
    {
      level: options.level,
      base: { role: options.role, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: REDACTED, censor: '[redacted]' },
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ dest: options.file ?? 1, sync: false, mkdir: true }),
  );
}
