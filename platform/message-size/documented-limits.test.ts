import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { CHANNEL_LIMITS } from './channel-limits.ts';

const guide = await readFile(new URL('../../docs/message-size.md', import.meta.url), 'utf8');

it.each(Object.entries(CHANNEL_LIMITS))('the guide has the limit of %s', (channel, { most, unit }) => {
  const row = guide.split('\n').find((line) => new RegExp(`^\\| [A-Z_, ]*\\b${channel}\\b`).test(line));
  expect(row).toContain(`| ${most.toLocaleString('en')} ${unit.toLowerCase()} |`);
});
