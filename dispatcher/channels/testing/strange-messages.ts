/** What a message can hold at its worst. Used by tests only. */
import type { OutgoingMessage } from '../contract.ts';

const addresses = [
  '',
  ' ',
  'x',
  '@',
  'a@b@c',
  'a@b.c\r\nRCPT TO:<d@e.f>',
  'a@b.c, d@e.f',
  'http://',
  'http://[::1',
  'file:///etc/passwd',
  'http://a:b@c.d/',
  `https://${'a'.repeat(100_000)}`,
  '\u0000',
  '\ud800',
];
const texts = [
  '',
  ' ',
  '\u0000\u0007',
  '\ud800 lone',
  '\r\n.\r\n.\r\nQUIT\r\n',
  'x'.repeat(200_000),
  '👩‍👩‍👧‍👦'.repeat(10_000),
];
/** Addresses and texts that no provider may stumble over. */
export const STRANGE_MESSAGES: readonly Partial<OutgoingMessage>[] = [
  ...addresses.map((address) => ({ address })),
  ...texts.map((body) => ({ body })),
  ...texts.map((title) => ({ title })),
  { title: 'Hi\r\nBcc: someone@example.com\r\n\r\nbody' },
  { pushKeys: { p256dh: '', auth: '' } },
  { expiresAt: new Date(0) },
  { expiresAt: new Date(8.64e15) },
  { url: `https://example.com/${'u'.repeat(10_000)}` },
  { data: { deep: 'x'.repeat(60_000) } },
];
