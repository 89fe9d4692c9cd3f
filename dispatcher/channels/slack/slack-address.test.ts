import { expect, it } from 'vitest';
import { slackAddress } from './slack-address.ts';

const HOOKS = 'https://hooks.slack.com';
const channel = (id: string) => ({ kind: 'channel', channel: id });
const webhook = (path: string) => ({ kind: 'webhook', path });

it.each([
  ['C0123456789', channel('C0123456789')],
  ['U012ABCDEF', channel('U012ABCDEF')],
  ['#general', channel('#general')],
  ['#größe', channel('#größe')],
  ['general', undefined],
  ['#', undefined],
  ['#a b', undefined],
  ['https://hooks.slack.com/services/T000/B000/XXX', webhook('/services/T000/B000/XXX')],
  ['https://hooks.slack-gov.com/services/T000/B000/XXX', webhook('/services/T000/B000/XXX')],
  ['https://hooks.slack.com/services/T000/B000', undefined],
  ['https://hooks.slack.com/services/../../x', undefined],
  ['https://hooks.slack.com/services/T/B/X?x=1', undefined],
  ['https://u:p@hooks.slack.com/services/T/B/X', undefined],
  ['http://hooks.slack.com/services/T/B/X', undefined],
  ['https://hooks.slack.com.evil.example/services/T/B/X', undefined],
  ['https://169.254.169.254/services/T/B/X', undefined],
])('%s', (address, expected) => expect(slackAddress(address, HOOKS)).toEqual(expected));

it('takes addresses where the configuration says that webhooks are', () => {
  expect(slackAddress('https://proxy.example/services/T/B/X', 'https://proxy.example/slack')).toEqual(
    webhook('/services/T/B/X'),
  );
});
