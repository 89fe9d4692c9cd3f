import { afterEach, describe, expect, it } from 'vitest';
import webPushLibrary from 'web-push';
import { loadSettings, SettingsError } from '../../platform/config/settings.ts';
import type { ProviderDeps } from './contract.ts';
import { createProviders, FALLBACK, type ProviderSet } from './registry.ts';

const deps: ProviderDeps = {
  log: { info: () => undefined, warn: () => undefined },
  now: () => new Date(),
  keepSandboxMessage: async () => undefined,
};
const { publicKey, privateKey } = webPushLibrary.generateVAPIDKeys();
const SIGNING_SECRET = `whsec_${'A'.repeat(32)}`;

const sets: ProviderSet[] = [];
afterEach(() => Promise.all(sets.splice(0).map((set) => set.close())));
function providers(env: Record<string, string>, options: { sandbox: boolean }): ProviderSet {
  const set = createProviders(loadSettings(env), deps, options);
  sets.push(set);
  return set;
}

describe('createProviders', () => {
  it('has none by default', () => {
    const set = providers({}, { sandbox: false });
    expect(set.describe()).toEqual({});
    expect(set.forChannel('EMAIL')).toBeUndefined();
  });

  it.each(['PROVIDER_RATES', 'PROVIDER_DAILY_QUOTAS'])(
    'refuses %s of a provider that there is not',
    (name) => {
      expect(() => providers({ [name]: 'smpt=5,sandbox=1' }, { sandbox: true })).toThrow(
        `${name}: there is no provider "smpt"; there are smtp, web-push, webhook, sandbox`,
      );
    },
  );

  it('lets the sandbox stand in for every channel', () => {
    const set = providers({}, { sandbox: true });
    expect(set.describe()).toEqual(
      Object.fromEntries(FALLBACK.channels.map((channel) => [channel, 'sandbox'])),
    );
  });

  it('takes what the settings configure, and the sandbox for the rest', () => {
    const set = providers(
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
    expect(set.forChannel('EMAIL')).toMatchObject({ id: 'smtp', definition: { name: 'SMTP' } });
  });

  it('names every wrong setting at once, without its value', () => {
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
    expect(create).toThrow(SettingsError);
    expect(create).toThrow(/SMTP_URL: has an unknown option "colour".*SMTP_FROM: .*VAPID_PUBLIC_KEY/s);
    expect(create).not.toThrow(/hunter2/);
  });
});
