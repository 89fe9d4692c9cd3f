import { expect, it } from 'vitest';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import { normalAddress } from './normal-address.ts';

it.each<[string, Channel, string, string]>([
  ['an e-mail address in capitals', 'EMAIL', 'Jane.Doe@Example.COM', 'jane.doe@example.com'],
  ['what sorts mail stays', 'EMAIL', 'jane+news@example.com', 'jane+news@example.com'],
  ['a domain of other letters', 'EMAIL', 'Jane@MÜNCHEN.example', 'jane@xn--mnchen-3ya.example'],
  ['a letter in two parts', 'EMAIL', 'ju\u0308rgen@example.com', 'jürgen@example.com'],
  ['a domain that is none', 'EMAIL', 'ü@a b', 'ü@a b'],
  ['a phone number', 'SMS', '+491701234567', '+491701234567'],
  ['a URL', 'WEBHOOK', 'HTTPS://Example.com:443/Hook?a=B', 'https://example.com/Hook?a=B'],
  ['what is no URL', 'WEBHOOK', 'nowhere', 'nowhere'],
  ['a chat by its name', 'SLACK', '#Demo', '#Demo'],
  ['a token', 'MOBILE_PUSH', 'fcm:AbC', 'fcm:AbC'],
])('%s', (_what, channel, address, normal) => {
  expect(normalAddress(channel, address)).toBe(normal);
  expect(normalAddress(channel, normal)).toBe(normal);
});
