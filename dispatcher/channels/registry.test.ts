import { afterEach, describe, expect, it } from 'vitest';
import webPushLibrary from 'web-push';
import { loadSettings, SettingsError } from '../../platform/config/settings.ts';
import { type AccountDeps, createProviders, FALLBACK, type ProviderSet } from './registry.ts';
import { memoryDeliveryTokens, memorySharedValues } from './testing/test-deps.ts';

const deps: AccountDeps = {
  sharedOf: memorySharedValues,
  log: { info: () => undefined, warn: () => undefined },
  now: () => new Date(),
  keepSandboxMessage: async () => undefined,
  deliveryTokens: memoryDeliveryTokens,
};
const { publicKey, privateKey } = webPushLibrary.generateVAPIDKeys();
const SIGNING_SECRET = `whsec_${'A'.repeat(32)}`;

const sets: ProviderSet[] = [];
afterEach(() => Promise.all(sets.splice(0).map((set) => set.close())));
async function providers(env: Record<string, string>, options: { sandbox: boolean }): Promise<ProviderSet> {
  const set = await createProviders(loadSettings(env), deps, options);
  sets.push(set);
  return set;
}

describe('createProviders', () => {
  it('has none by default', async () => {
    const set = await providers({}, { sandbox: false });
    expect(set.describe()).toEqual({});
    expect(set.accountsFor('EMAIL')).toEqual([]);
  });

  it.each(['PROVIDER_RATES', 'PROVIDER_DAILY_QUOTAS'])(
    'refuses %s of a provider that there is not',
    async (name) => {
      await expect(providers({ [name]: 'smpt=5,sandbox=1' }, { sandbox: true })).rejects.toThrow(
        `${name}: there is no provider "smpt"; there are smtp, web-push, webhook,`,
      );
    },
  );

  it('lets the sandbox stand in for every channel', async () => {
    const set = await providers({}, { sandbox: true });
    expect(set.describe()).toEqual(
      Object.fromEntries(FALLBACK.channels.map((channel) => [channel, 'sandbox'])),
    );
  });

  it('takes what the settings configure, and the sandbox for the rest', async () => {
    const set = await providers(
      {
        SMTP_URL: 'smtp://localhost',
        VAPID_PUBLIC_KEY: publicKey,
        VAPID_PRIVATE_KEY: privateKey,
        WEBHOOK_SIGNING_SECRET: SIGNING_SECRET,
        WEBHOOK_ALLOWED_NETWORKS: '10.0.0.0/8, fd00::/8',
      },
      { sandbox: true },
    );
    expect(set.describe()).toMatchObject({
      EMAIL: 'smtp',
      WEB_PUSH: 'web-push',
      WEBHOOK: 'webhook',
      SMS: 'sandbox',
    });
    expect(set.accountsFor('EMAIL')).toMatchObject([{ id: 'smtp', definition: { name: 'SMTP' } }]);
  });

  it('names every wrong setting at once, without its value', async () => {
    const create = () =>
      createProviders(
        {
          ...loadSettings({
            WEBHOOK_SIGNING_SECRET: SIGNING_SECRET,
            VAPID_PUBLIC_KEY: 'p'.repeat(87),
            VAPID_PRIVATE_KEY: privateKey,
          }),
          SMTP_URL: 'smtp://u:hunter2@h?colour=blue',
          SMTP_FROM: 'nobody',
        },
        deps,
        { sandbox: true },
      );
    await expect(create()).rejects.toThrow(SettingsError);
    await expect(create()).rejects.toThrow(
      /SMTP_URL: has an unknown option "colour".*SMTP_FROM: .*VAPID_PUBLIC_KEY/s,
    );
    await expect(create()).rejects.not.toThrow(/hunter2/);
  });

  it.each([
    ['[{"provider":"webhok"}]', 'PROVIDER_ACCOUNTS: there is no provider "webhok"; there are smtp,'],
    [
      '[{"provider":"webhook","config":{"signingSecret":"x"}}]',
      'PROVIDER_ACCOUNTS webhook.signingSecret: must be whsec_',
    ],
    ['[{"id":"Main","provider":"webhook"}]', 'PROVIDER_ACCOUNTS'],
    [`[${account('a')},${account('a')}]`, '"a" is there twice'],
    [`[${account('webhook')}]`, '"webhook" is there already'],
    ['{', 'PROVIDER_ACCOUNTS: must be JSON'],
  ])('refuses the accounts %s', async (text, reason) => {
    await expect(
      (async () =>
        providers({ PROVIDER_ACCOUNTS: text, WEBHOOK_SIGNING_SECRET: SIGNING_SECRET }, { sandbox: false }))(),
    ).rejects.toThrow(reason);
  });

  it('gives an account the channels that its configuration names', async () => {
    const accounts = [
      { provider: 'console', config: { channels: ['SMS', 'WEBHOOK'] } },
      JSON.parse(account('partners')),
    ];
    const set = await providers({ PROVIDER_ACCOUNTS: JSON.stringify(accounts) }, { sandbox: false });
    expect(set.describe()).toEqual({ SMS: 'console', WEBHOOK: 'console' });
  });

  it('takes accounts, each under its own id', async () => {
    const set = await providers({ PROVIDER_ACCOUNTS: `[${account('partners')}]` }, { sandbox: false });
    expect(set.describe()).toEqual({ WEBHOOK: 'partners' });
    expect(set.accountsFor('WEBHOOK')).toMatchObject([{ id: 'partners', definition: { id: 'webhook' } }]);
  });
});

function account(id: string): string {
  return JSON.stringify({ id, provider: 'webhook', config: { signingSecret: SIGNING_SECRET } });
}
