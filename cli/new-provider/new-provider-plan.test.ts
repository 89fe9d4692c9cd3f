import { expect, test } from 'vitest';
import { CommandFailure } from '../failure.ts';
import { newProvider } from './new-provider-plan.ts';

test.each<[string, Parameters<typeof newProvider>[1], object]>([
  ['acme-sms', { channel: ['SMS'] }, { name: 'Acme Sms', identifier: 'acmeSms', channels: ['SMS'] }],
  ['acme', { channel: ['sms', 'whatsapp', 'SMS'], name: ' ACME & Co. ' }, { name: 'ACME & Co.' }],
  ['acme', { channel: ['sms', 'whatsapp', 'SMS'] }, { channels: ['SMS', 'WHATSAPP'] }],
  ['acme', { channel: ['mobile-push'], receipts: true }, { channels: ['MOBILE_PUSH'], receipts: true }],
  ['a-1', { channel: ['QQ'] }, { name: 'A 1', identifier: 'a1', receipts: false }],
  ['fetch', { channel: ['QQ'] }, { name: 'Fetch', identifier: 'fetchProvider' }],
  ['new', { channel: ['QQ'] }, { identifier: 'newProvider' }],
  ['config', { channel: ['QQ'] }, { identifier: 'configProvider' }],
  ['acme', { channel: ['QQ'], name: '腾讯' }, { name: '腾讯' }],
])('%s %j is %j', (id, flags, expected) => {
  expect(newProvider(id, flags)).toMatchObject({ id, ...expected });
});

test.each<[string, Parameters<typeof newProvider>[1], RegExp]>([
  ['Acme', { channel: ['SMS'] }, /cannot be a provider's id/],
  ['../acme', { channel: ['SMS'] }, /cannot be a provider's id/],
  ['acme--sms', { channel: ['SMS'] }, /cannot be a provider's id/],
  ['7bit', { channel: ['SMS'] }, /cannot be a provider's id/],
  ['a'.repeat(41), { channel: ['SMS'] }, /cannot be a provider's id/],
  ['acme', { channel: [] }, /--channel: say which/],
  ['acme', { channel: ['fax'] }, /--channel: there is no fax; it is one of MOBILE_PUSH, EMAIL, /],
  ['acme', { channel: ['IN_APP'] }, /--channel: Herald stores IN_APP/],
  ['acme', { channel: ['WEBHOOK'] }, /start from dispatcher\/channels\/webhook\//],
  ['acme', { channel: ['MOBILE_PUSH', 'SMS'] }, /--channel: MOBILE_PUSH needs a provider of its own/],
  ['acme', { channel: ['SMS'], name: "a'b" }, /--name: /],
  ['acme', { channel: ['SMS'], name: '' }, /--name: /],
  ['acme', { channel: ['SMS'], name: 'a */ b' }, /--name: /],
])('%s %j is refused', (id, flags, message) => {
  const create = () => newProvider(id, flags);
  expect(create).toThrow(CommandFailure);
  expect(create).toThrow(message);
});
