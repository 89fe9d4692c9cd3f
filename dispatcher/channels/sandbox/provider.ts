/** Stands in for channels without a configured provider: keeps messages for people to look at. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  PROVIDER_CHANNELS,
  type Provider,
  type ProviderDefinition,
  type SendOutcome,
  stoppedOutcome,
} from '../contract.ts';

const config = z.object({});

export const sandbox = {
  id: 'sandbox',
  name: 'Sandbox',
  channels: PROVIDER_CHANNELS,
  config,
  settings: {},
  capabilities: { idempotent: true, html: true },
  limits: {},
  // It is never chosen by a setting of its own: the registry falls back to it.
  fromSettings: () => undefined,
  create(_config, { keepSandboxMessage, log, now }): Provider {
    return {
      async send(message, { idempotencyKey, signal }): Promise<SendOutcome> {
        if (signal.aborted) return stoppedOutcome(signal, false);
        const stop = new AbortController();
        try {
          const kept = await Promise.race([
            keepSandboxMessage(message, now()).then(() => true),
            aborted(signal, stop.signal),
          ]);
          if (!kept) return stoppedOutcome(signal, true);
        } catch (error) {
          log.warn({ err: error, delivery: message.delivery }, 'The sandbox could not keep a message');
          return {
            kind: 'retryable',
            code: 'CHANNEL_PROVIDER_UNAVAILABLE',
            message: 'The sandbox could not keep the message.',
            mayHaveSent: true,
          };
        } finally {
          stop.abort();
        }
        const { delivery, notification, channel } = message;
        log.info({ delivery, notification, channel }, 'The sandbox took a message');
        return {
          kind: 'accepted',
          providerMessageId: `sandbox-${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 16)}`,
        };
      },
    };
  },
} satisfies ProviderDefinition<typeof config>;

/** Resolves to false when `signal` aborts; listens until `stop` does. */
const aborted = (signal: AbortSignal, stop: AbortSignal): Promise<false> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(false), { once: true, signal: stop });
  });
