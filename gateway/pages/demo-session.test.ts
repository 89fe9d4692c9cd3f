import { describe, expect, test } from 'vitest';
import { isFromThisMachine } from './demo-session.ts';

describe('isFromThisMachine', () => {
  test.each([
    ['127.0.0.1', { host: 'localhost:4000' }, true],
    ['127.8.9.1', { host: '127.0.0.1:4000' }, true],
    ['::1', { host: '[::1]:4000' }, true],
    ['::ffff:127.0.0.1', { host: 'LOCALHOST' }, true],
    ['192.168.1.7', { host: 'localhost:4000' }, false],
    ['::ffff:192.168.1.7', { host: 'localhost:4000' }, false],
    ['2001:db8::1', { host: '[::1]:4000' }, false],
    ['127.0.0.1', { host: 'rebound.example:4000' }, false],
    ['127.0.0.1', { host: 'localhost.rebound.example' }, false],
    ['127.0.0.1', { host: 'localhost:4000', 'x-forwarded-for': '203.0.113.9' }, false],
    ['127.0.0.1', { host: 'localhost:4000', forwarded: 'for=203.0.113.9' }, false],
    ['127.0.0.1', { host: 'not a host' }, false],
    ['127.0.0.1', {}, false],
    [undefined, { host: 'localhost' }, false],
  ])('%s %j → %s', (remoteAddress, headers, expected) => {
    expect(isFromThisMachine(remoteAddress, headers)).toBe(expected);
  });
});
