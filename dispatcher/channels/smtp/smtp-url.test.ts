import { describe, expect, it } from 'vitest';
import { quoteReply } from './quote-reply.ts';
import { maxConnectionsOf, secretsOf, smtpUrlProblem } from './smtp-url.ts';

describe('SMTP URLs', () => {
  it.each([
    'smtp://localhost',
    'smtps://u:p%25@mail.example.com:465',
    'smtp://h?maxConnections=3&tls.rejectUnauthorized=false',
  ])('%s is one', (url) => expect(smtpUrlProblem(url)).toBeUndefined());

  it.each([
    ['', /must be a URL/],
    ['http://mail.example.com', /must be a URL/],
    ['smtp://', /must be a URL/],
    ['smtp://u:100%@mail.example.com', /%25/],
    ['smtp://h?logger=true', /unknown option "logger"/],
    ['smtp://h?maxConnections=0', /maxConnections/],
    ['smtp://h?maxConnections=many', /maxConnections/],
  ])('%s is none', (url, problem) => expect(smtpUrlProblem(url)).toMatch(problem));

  it('knows its number of connections', () => {
    expect(maxConnectionsOf('smtp://h')).toBe(10);
    expect(maxConnectionsOf('smtp://h?maxConnections=3')).toBe(3);
  });

  it('keeps its secrets out of quoted answers, in every form in which they travel', () => {
    const secrets = secretsOf('smtp://ada:p%40ss@h');
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const reply = `535 no: p@ss p%40ss ${base64('p@ss')} ${base64('\0ada\0p@ss')}`;
    expect(quoteReply(reply, secrets)).toBe('535 no: [redacted] [redacted] [redacted] [redacted]');
    expect(secretsOf('smtp://h')).toEqual([]);
  });

  it('quotes answers on one line and not without end', () => {
    expect(quoteReply('550-first\r\n550 second\u0000', [])).toBe('550-first 550 second');
    expect(quoteReply('x'.repeat(1_000), [])).toHaveLength(301);
  });
});
