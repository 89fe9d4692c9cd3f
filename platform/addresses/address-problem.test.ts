import { describe, expect, it } from 'vitest';
import { CHANNELS, type Channel } from '../graphql/contract-enums.ts';
import { addressProblem } from './address-problem.ts';

const GOOD: [Channel, string][] = [
  ['EMAIL', 'jane@example.com'],
  ['EMAIL', "o'neill+tag@mail.example.co.uk"],
  ['EMAIL', 'root@localhost'],
  ['EMAIL', 'jane@bücher.example'],
  ['EMAIL', `${'a'.repeat(64)}@example.com`],
  ['SMS', '+4915112345678'],
  ['SMS', '+12025550123'],
  ['VOICE', '+493012345678'],
  ['WHATSAPP', '+8613800138000'],
  ['WEBHOOK', 'https://example.com/hook?x=1'],
  ['WEBHOOK', 'http://127.0.0.1:9000/hook'],
  ['WEB_PUSH', 'https://push.example.com/send/abc'],
  ['WEB_PUSH', 'http://127.0.0.1:4010/push/1'],
  ['TELEGRAM', '100200300'],
  ['SLACK', '#demo'],
  ['WECHAT', 'oGZUI0egBJY1zhBYw2KhdUfwVJJE'],
  ['QQ', '群'],
  ['MOBILE_PUSH', 'x'.repeat(4_096)],
  ['WECOM', 'x'.repeat(512)],
];

const BAD: [Channel, string][] = [
  ['IN_APP', 'u1'],
  ['EMAIL', ''],
  ['EMAIL', 'jane'],
  ['EMAIL', '@example.com'],
  ['EMAIL', 'jane@'],
  ['EMAIL', 'a b@example.com'],
  ['EMAIL', 'a@example.com,b@example.com'],
  ['EMAIL', 'a,b@example.com'],
  ['EMAIL', 'Jane <jane@example.com>'],
  ['EMAIL', 'jane@example.com\r\nBcc: x@example.com'],
  ['EMAIL', 'jane@exa_mple.com'],
  ['EMAIL', 'jane@bü cher.example'],
  ['EMAIL', `${'a'.repeat(65)}@example.com`],
  ['EMAIL', `a@${'b'.repeat(60)}.${'c'.repeat(60)}.${'d'.repeat(60)}.${'e'.repeat(60)}.${'f'.repeat(20)}`],
  ['SMS', '4915112345678'],
  ['SMS', '+0123456789'],
  ['SMS', '+49 151 12345678'],
  ['SMS', '+1234567890123456'],
  ['VOICE', '0151 12345678'],
  ['WHATSAPP', 'jane'],
  ['WEBHOOK', 'example.com/hook'],
  ['WEBHOOK', 'ftp://example.com'],
  ['WEBHOOK', 'javascript:alert(1)'],
  ['WEBHOOK', 'https://'],
  ['WEBHOOK', 'https://example.com/a b'],
  ['WEBHOOK', 'https://user:password@example.com/'],
  ['WEBHOOK', `https://example.com/${'x'.repeat(2_048)}`],
  ['WEB_PUSH', 'http://push.example.com/send/abc'],
  ['WEB_PUSH', 'http://127.0.0.1.example.com/'],
  ['TELEGRAM', ''],
  ['TELEGRAM', 'a b'],
  ['SLACK', '#demo\n'],
  ['DINGTALK', 'a\u0000b'],
  ['WECOM', 'x'.repeat(513)],
];

describe('addressProblem', () => {
  it.each(GOOD)('%s takes %j', (channel, address) => {
    expect(addressProblem(channel, address)).toBeUndefined();
  });
  it.each(BAD)('%s refuses %j', (channel, address) => {
    expect(addressProblem(channel, address)).toMatch(/\.$/);
  });
  it('knows every channel', () => {
    for (const channel of CHANNELS) expect(addressProblem(channel, '')).toBeTypeOf('string');
  });
});
