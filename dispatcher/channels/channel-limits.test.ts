/** What templates are judged by at their publishing is what the providers declare. */
import { expect, it } from 'vitest';
import type { Channel } from '../../platform/graphql/contract-enums.ts';
import { CHANNEL_LIMITS } from '../../platform/message-size/channel-limits.ts';
import { contentSize } from '../../platform/message-size/content-size.ts';
import { plainText } from './network/plain-text.ts';
import { PROVIDERS } from './registry.ts';

/** A provider's definition has the limit of its usual messages, and another kind may be longer. */
const GREATER_THAN_DECLARED: readonly Channel[] = ['WECOM'];

const declared = PROVIDERS.flatMap(({ id, channels, limits }) =>
  channels.flatMap((channel) => {
    const limit = CHANNEL_LIMITS[channel];
    return limit && limits.bodyChars !== undefined
      ? [{ id, channel, bodyChars: limits.bodyChars, most: limit.most }]
      : [];
  }),
);

it.each(declared)('$id takes no more than the $most of $channel', ({ bodyChars, most }) => {
  expect(bodyChars).toBeLessThanOrEqual(most);
});

it.each(Object.keys(CHANNEL_LIMITS))('some provider takes as much as the limit of %s', (name) => {
  const largest = declared
    .filter(({ channel }) => channel === name)
    .map(({ bodyChars, most }) => bodyChars - most);
  if (GREATER_THAN_DECLARED.some((channel) => channel === name)) expect(Math.max(...largest)).toBeLessThan(0);
  else expect(Math.max(...largest)).toBe(0);
});

it.each([
  { body: 'B' },
  { title: 'T', body: 'B', url: 'https://a.example/' },
  { title: ' ', body: 'B https://a.example/', url: 'https://a.example/' },
])('what is counted of %o is what is sent', (content) => {
  expect(contentSize({ channel: 'SMS', ...content }).characters).toBe(plainText(content).length);
});
