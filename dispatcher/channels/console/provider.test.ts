import { expect, it } from 'vitest';
import { testDeps } from '../testing/test-deps.ts';
import { consoleLog } from './provider.ts';

async function linesOf(config: object) {
  const lines: [string, object][] = [];
  const provider = consoleLog.create(
    consoleLog.config.parse({ channels: ['SMS'], ...config }),
    testDeps({ log: { info: (fields, text) => lines.push([text, fields]), warn: () => undefined } }),
  );
  await provider.send(
    {
      workspace: 'default',
      channel: 'SMS',
      address: '+491701234567',
      pushKeys: { p256dh: 'p', auth: 'a' },
      notification: 'n1',
      delivery: 'd1',
      priority: 'HIGH',
      locale: 'en',
      title: 'Hello',
      body: 'Line 1\nLine 2',
      url: 'https://a.example/',
    },
    { idempotencyKey: 'k', signal: AbortSignal.timeout(20_000) },
  );
  return lines;
}

const who = { channel: 'SMS', address: '+491701234567', notification: 'n1', delivery: 'd1' };

it('logs a message in one line', async () => {
  const content = { title: 'Hello', body: 'Line 1\nLine 2', url: 'https://a.example/' };
  expect(await linesOf({})).toEqual([['A message for the console', { ...who, ...content }]]);
});

it('logs only that there was one, where it is told to', async () => {
  expect(await linesOf({ content: false })).toEqual([['A message for the console', who]]);
});
