import { describe, expect, it } from 'vitest';
import { parseHttpTarget } from './http-target.ts';

describe('parseHttpTarget', () => {
  it.each([
    'https://example.com',
    'http://example.com:8080/a?b=c#d',
    'https://bücher.example/',
    'https://[2606:4700::1]/',
  ])('takes %s', (address) => expect(parseHttpTarget(address)).toEqual({ url: new URL(address) }));

  it.each([
    '',
    'example.com',
    '/path',
    'ftp://example.com',
    'javascript:alert(1)',
    'https://',
    'https://user:pass@example.com',
    'https://user@example.com',
    `https://example.com/${'x'.repeat(2_048)}`,
  ])('refuses %s and does not repeat it', (address) => {
    const result = parseHttpTarget(address);
    expect(result).toMatchObject({ wrong: { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_INVALID' } });
    expect(JSON.stringify(result)).not.toContain('pass@');
  });
});
