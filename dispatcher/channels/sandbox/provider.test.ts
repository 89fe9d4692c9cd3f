import { expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { testDeps } from '../testing/test-deps.ts';
import { sandbox } from './provider.ts';

const message: OutgoingMessage = {
  workspace: 'default',
  channel: 'SMS',
  address: '+15550100',
  notification: 'n1',
  delivery: 'd1',
  priority: 'LOW',
  locale: 'en',
  body: 'Your code is 123456',
};
const at = new Date('2026-01-01T00:00:00Z');

function start(keepSandboxMessage: (message: OutgoingMessage, at: Date) => Promise<void>) {
  const lines: { level: string; fields: object }[] = [];
  const provider = sandbox.create(
    {},
    testDeps({
      log: {
        info: (fields) => lines.push({ level: 'info', fields }),
        warn: (fields) => lines.push({ level: 'warn', fields }),
      },
      now: () => at,
      keepSandboxMessage,
      account: 'sandbox',
    }),
  );
  return {
    lines,
    send: () => provider.send(message, { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) }),
  };
}

it('keeps the message, says so in one line and not what was in it', async () => {
  const kept: unknown[] = [];
  const { send, lines } = start(async (...args) => void kept.push(args));
  expect(await send()).toEqual({
    kind: 'accepted',
    providerMessageId: expect.stringMatching(/^sandbox-[0-9a-f]{16}$/),
  });
  expect(kept).toEqual([[message, at]]);
  expect(lines).toEqual([{ level: 'info', fields: { delivery: 'd1', notification: 'n1', channel: 'SMS' } }]);
});

it('is tried again when the message could not be kept', async () => {
  const { send, lines } = start(() => Promise.reject(new Error('store is down')));
  expect(await send()).toMatchObject({ kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE' });
  expect(lines).toMatchObject([{ level: 'warn' }]);
});
