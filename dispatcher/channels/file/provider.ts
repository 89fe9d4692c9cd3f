/** Messages of any channel as lines of JSON in a file (https://jsonlines.org): for other programs to read. */
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import {
  type OutgoingMessage,
  PROVIDER_CHANNELS,
  type Provider,
  type ProviderDefinition,
  type SendOutcome,
  stoppedOutcome,
} from '../contract.ts';
import { createLineWriter } from './line-writer.ts';

const config = z.object({
  channels: z
    .array(z.enum(PROVIDER_CHANNELS))
    .min(1)
    .meta({ title: 'Channels', description: 'Whose messages are written in the place of being sent' }),
  path: z
    .string()
    // Of no other name, so that no account can be made to write into a file that means something to others.
    .refine(
      (path) => isAbsolute(path) && /[^/\\]\.(jsonl|ndjson)$/.test(path) && !path.includes('\0'),
      'must be an absolute path that ends with .jsonl or .ndjson',
    )
    .meta({ title: 'File', description: '/var/lib/herald/messages.jsonl; made where there is none' }),
});

/** Errors that no later attempt mends by itself. */
const WRONG_PATH = new Set(['EACCES', 'EISDIR', 'ELOOP', 'ENAMETOOLONG', 'ENOTDIR', 'EPERM', 'EROFS']);

export const file = {
  id: 'file',
  name: 'File',
  channels: PROVIDER_CHANNELS,
  config,
  installation: true,
  capabilities: { idempotent: false, html: true },
  limits: {},
  serves: ({ channels }) => channels,
  create({ path }, { now }): Provider {
    const writer = createLineWriter(path);
    return {
      async send(message, { idempotencyKey, signal }): Promise<SendOutcome> {
        const written = await writer.write(lineOf(message, idempotencyKey, now()), signal);
        switch (written.kind) {
          case 'written':
            return { kind: 'accepted' };
          case 'stopped':
            return stoppedOutcome(signal, written.begun);
          case 'closed':
            return unavailable('The file is closed.', false);
          case 'failed':
            return WRONG_PATH.has(written.code)
              ? { kind: 'permanent', code: 'CHANNEL_MISCONFIGURED', message: cannotWrite(written.code) }
              : unavailable(cannotWrite(written.code), written.begun);
        }
      },
      async health() {
        const code = await writer.check();
        return code === undefined ? { ok: true } : { ok: false, message: cannotWrite(code) };
      },
      close: () => writer.close(),
    };
  },
} satisfies ProviderDefinition<typeof config>;

const cannotWrite = (code: string): string => `The file cannot be written (${code}).`;

const unavailable = (message: string, mayHaveSent: boolean): SendOutcome => ({
  kind: 'retryable',
  code: 'CHANNEL_PROVIDER_UNAVAILABLE',
  message,
  mayHaveSent,
});

/** The message, when it was written, and the key by which a reader drops what an attempt doubled. */
export function lineOf(message: OutgoingMessage, idempotencyKey: string, at: Date): string {
  const { pushKeys: _pushKeys, ...told } = message;
  return JSON.stringify({ at, idempotencyKey, ...told });
}
