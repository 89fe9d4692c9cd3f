import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { redisNames } from '../../platform/names/redis-names.ts';
import { readReports } from '../../platform/provider-health/account-report.ts';
import { connectRedis } from '../../platform/storage/redis.ts';
import { silent } from '../../subgraphs/notifications/testing/open-store.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import type { ProviderHealth } from '../channels/contract.ts';
import { type Checked, SETTINGS_REVISION, startProviderChecks } from './provider-checks.ts';

const services = freshDatabase();
const names = redisNames(services.namespace);
let redis: ReturnType<typeof connectRedis>;
beforeAll(() => {
  redis = connectRedis(services.redisUrl, 'blocking', silent);
  return () => redis.disconnect();
});
const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((checks) => checks.close()));
});

/** A provider that answers so, and how often it was asked. */
function providerOf(answer: () => Promise<ProviderHealth>) {
  const asked = { count: 0 };
  const provider: Checked['provider'] = {
    send: async () => ({ kind: 'accepted' }),
    health: () => {
      asked.count++;
      return answer();
    },
  };
  return { asked, provider };
}
/** A dispatcher that asks these. */
function dispatcher(accounts: () => readonly Checked[], intervalMs = 600_000): void {
  running.push(startProviderChecks({ redis, names, accounts, intervalMs, log: silent }));
}
const checkOf = async (key: string) =>
  readReports(await redis.hgetall(names.providerHealth(key)), Date.now()).check;

describe('checks of providers', () => {
  it('are made by one of several dispatchers, and again when the account is another one', async () => {
    const { asked, provider } = providerOf(async () => ({ ok: false, message: 'No such key.' }));
    let revision = '1';
    for (let i = 0; i < 3; i++) dispatcher(() => [{ key: 'w.one', revision, provider }]);
    await expect.poll(() => checkOf('w.one')).toMatchObject({ ok: false, message: 'No such key.' });
    const first = await checkOf('w.one');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(asked.count).toBe(1);
    revision = '2';
    await expect.poll(() => asked.count).toBeGreaterThan(1);
    await expect.poll(async () => (await checkOf('w.one'))?.at).not.toBe(first?.at);
    // It has been so since then.
    expect((await checkOf('w.one'))?.since).toBe(first?.since);
  });

  it('are repeated', async () => {
    const { asked, provider } = providerOf(async () => ({ ok: true }));
    dispatcher(() => [{ key: 'again', revision: SETTINGS_REVISION, provider }], 1_000);
    await expect.poll(() => asked.count).toBeGreaterThan(1);
    expect(await checkOf('again')).toMatchObject({ ok: true, message: '' });
  });

  it('outlive a provider that breaks its contract, and leave out those that cannot be asked', async () => {
    const broken = providerOf(() => Promise.reject(new Error('It broke.')));
    const mute = { send: async () => ({ kind: 'accepted' as const }) };
    dispatcher(() => [
      { key: 'w.mute', revision: '1', provider: mute },
      { key: 'w.broken', revision: '1', provider: broken.provider },
    ]);
    await expect.poll(() => checkOf('w.broken')).toMatchObject({ ok: false, message: 'It broke.' });
    expect(await checkOf('w.mute')).toBeUndefined();
  });

  it('say nothing of an account that was replaced while it was asked', async () => {
    const answer = Promise.withResolvers<ProviderHealth>();
    const { asked, provider } = providerOf(() => answer.promise);
    let accounts: readonly Checked[] = [{ key: 'w.former', revision: '1', provider }];
    dispatcher(() => accounts);
    await expect.poll(() => asked.count).toBe(1);
    accounts = [];
    answer.resolve({ ok: false, message: 'former' });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await checkOf('w.former')).toBeUndefined();
  });

  it('can be off', async () => {
    const { asked, provider } = providerOf(async () => ({ ok: true }));
    dispatcher(() => [{ key: 'w.off', revision: '1', provider }], 0);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(asked.count).toBe(0);
  });
});
