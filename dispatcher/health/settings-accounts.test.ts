import { describe, expect, it } from 'vitest';
import { type ConfiguredProvider, PROVIDERS } from '../channels/registry.ts';
import { accountsOf, toldAccount } from './settings-accounts.ts';

function account(provider: string, config: object): ConfiguredProvider {
  const definition = PROVIDERS.find(({ id }) => id === provider);
  if (!definition) throw new Error(`no provider ${provider}`);
  return { id: `my-${provider}`, definition, config, provider: { send: async () => ({ kind: 'accepted' }) } };
}

describe('what is told of an account of the settings', () => {
  it.each<[string, object, object]>([
    [
      'twilio',
      { accountSid: 'AC1', authToken: 'hidden', from: undefined },
      { config: { accountSid: 'AC1' }, secretsSet: ['authToken'] },
    ],
    // A secret within a field hides all of it.
    [
      'dingtalk',
      { appKey: 'k', robots: [{ name: 'ops', accessToken: 'hidden' }] },
      { config: { appKey: 'k' }, secretsSet: ['robots'] },
    ],
    ['telegram', { botToken: 'hidden', botTokn: 'hidden' }, { config: {}, secretsSet: ['botToken'] }],
    [
      'smtp',
      { url: 'smtps://user:hidden@mail', from: 'a@b.c' },
      { config: { from: 'a@b.c' }, secretsSet: ['url'] },
    ],
  ])('%s: no secret', (provider, config, expected) => {
    const told = toldAccount(account(provider, config), ['SMS'], { ratePerSecond: 5 });
    expect(told).toEqual({
      id: `my-${provider}`,
      provider,
      channels: ['SMS'],
      receipts: false,
      ratePerSecond: 5,
      ...expected,
    });
    expect(JSON.stringify(told)).not.toContain('hidden');
  });

  it('is told of each once, with the channels that it serves', () => {
    const [sms, both] = [account('vonage', {}), account('twilio', {})];
    const set = { SMS: [sms, both], WHATSAPP: [both] } as Readonly<
      Record<string, readonly ConfiguredProvider[]>
    >;
    expect([...accountsOf({ accountsFor: (channel) => set[channel] ?? [] })]).toEqual([
      [sms, ['SMS']],
      [both, ['SMS', 'WHATSAPP']],
    ]);
  });
});
