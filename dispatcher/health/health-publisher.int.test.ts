import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { redisNames } from '../../platform/names/redis-names.ts';
import { connectRedis, whenReady } from '../../platform/storage/redis.ts';
import { healthOf } from '../../subgraphs/notifications/provider-accounts/account-health.ts';
import { HealthReader } from '../../subgraphs/notifications/provider-accounts/read-health.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import type { SendOutcome } from '../channels/contract.ts';
import { signOf } from '../flow/circuit-outcome.ts';
import { ProviderFlow } from '../flow/provider-flow.ts';
import type { SharedCircuits } from '../flow/shared-circuits.ts';
import { HealthPublisher } from './health-publisher.ts';

const services = freshDatabase();
const silent = pino({ level: 'silent' });
const names = redisNames(services.namespace);
const redis = connectRedis(services.redisUrl, 'commands', silent);
beforeAll(() => whenReady(redis));
afterAll(() => redis.disconnect());

const TAKEN: SendOutcome = { kind: 'accepted' };
const UNKNOWN: SendOutcome = {
  kind: 'retryable',
  code: 'CHANNEL_TIMEOUT',
  message: 'no answer',
  mayHaveSent: true,
};
const DEAD: SendOutcome = { kind: 'invalidRecipient', code: 'CHANNEL_ADDRESS_GONE', message: 'gone' };

/** A dispatcher, as far as health goes. */
function dispatcher() {
  const flow = new ProviderFlow({
    provider: 'sms',
    destination: undefined,
    circuits: {} as SharedCircuits,
    permits: undefined,
    limits: { ratePerSecond: 30 },
    probeLostAfterMs: 1,
  });
  const publisher = new HealthPublisher({
    redis,
    names,
    flows: () => new Map([['sms', flow]]),
    circuits: { pausedHosts: () => new Map() },
    settingsAccounts: [],
    log: silent,
  });
  const note = (outcome: SendOutcome, times: number) => {
    for (let i = 0; i < times; i++) flow.tally.note(outcome, signOf(outcome));
  };
  return { publisher, note };
}

const reader = new HealthReader(redis, names, silent);
const seen = async () => {
  const [facts] = await reader.facts(['sms']);
  const account = { enabled: true, problem: null, updatedAt: null, open: true };
  const { state, sentLastMinute, failedLastMinute, ratePerSecond } = healthOf(account, facts, Date.now());
  return { state, sentLastMinute, failedLastMinute, ratePerSecond };
};

it('counts of several dispatchers are one sum, whoever told last, and however often', async () => {
  const all = [dispatcher(), dispatcher(), dispatcher()];
  const [one, two, three] = all;
  if (!one || !two || !three) throw new Error('three dispatchers');
  const tell = async () => {
    for (const { publisher } of all) {
      // The first may have been under way before something was noted.
      await publisher.tell();
      await publisher.tell();
    }
  };
  one.note(TAKEN, 100);
  two.note(TAKEN, 20);
  two.note(DEAD, 3);
  await tell();
  await tell();
  expect(await seen()).toEqual({
    state: 'OK',
    sentLastMinute: 120,
    failedLastMinute: 3,
    ratePerSecond: 30,
  });
  // A failure that only one of them has met, while the others' messages are taken.
  three.note(UNKNOWN, 20);
  three.note(TAKEN, 1);
  await tell();
  expect(await seen()).toMatchObject({ state: 'DEGRADED', sentLastMinute: 121, failedLastMinute: 23 });
  // One that ends speaks for the account no longer.
  await three.publisher.close();
  expect(await seen()).toMatchObject({ state: 'OK', sentLastMinute: 120, failedLastMinute: 3 });
  await Promise.all([one.publisher.close(), two.publisher.close()]);
  expect(await seen()).toMatchObject({ state: 'UNKNOWN', sentLastMinute: null });
});
