import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SecretBox } from '../../platform/secrets/secret-box.ts';
import { type OpenStore, openStore } from '../../subgraphs/notifications/testing/open-store.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { redisSharedValues } from './shared-values.ts';

const services = freshDatabase();
let store: OpenStore;
beforeAll(async () => {
  store = await openStore(services);
});
afterAll(() => store.close());

const SECRET_KEY = 'k'.repeat(40);
const never = new AbortController().signal;
/** What one worker has of an account. */
const worker = (account: string, marginMs = 0) =>
  redisSharedValues(
    store.redis,
    new SecretBox(SECRET_KEY),
    (name) => store.names.sharedValue(account, name),
    marginMs,
  );
/** Makes token-1, token-2 … */
function maker(lifeMs = 60_000) {
  let made = 0;
  return {
    get made() {
      return made;
    },
    make: async () => {
      const value = `token-${++made}`;
      await sleep(50);
      return { value, expiresAt: new Date(Date.now() + lifeMs) };
    },
  };
}

describe('redisSharedValues', () => {
  it('is made once for all workers, however many ask at once', async () => {
    const source = maker();
    const workers = [1, 2, 3].map(() => worker('many'));
    const values = await Promise.all(
      workers.flatMap((one) => Array.from({ length: 10 }, () => one.get('token', source.make, never))),
    );
    expect(new Set(values)).toEqual(new Set(['token-1']));
    expect(source.made).toBe(1);
    expect(await worker('many').get('token', source.make, never)).toBe('token-1');
    expect(await worker('another').get('token', source.make, never)).toBe('token-2');
  });

  it('a refused one is made anew, once', async () => {
    const source = maker();
    const [a, b] = [worker('refused'), worker('refused')];
    await Promise.all([a.get('token', source.make, never), b.get('token', source.make, never)]);
    await Promise.all([a.drop('token', 'token-1'), b.drop('token', 'token-1')]);
    expect(
      await Promise.all([a.get('token', source.make, never), b.get('token', source.make, never)]),
    ).toEqual(['token-2', 'token-2']);
    // Somebody is late with what he learnt of the first one.
    await a.drop('token', 'token-1');
    expect(await a.get('token', source.make, never)).toBe('token-2');
  });

  it('one that ends is made anew before it does', async () => {
    const source = maker(700);
    const one = worker('ending', 500);
    expect(await one.get('token', source.make, never)).toBe('token-1');
    await sleep(260);
    expect(await one.get('token', source.make, never)).toBe('token-2');
  });

  it('is not readable where it is kept', async () => {
    const source = maker();
    await worker('secret').get('token', source.make, never);
    expect(await store.redis.get(store.names.sharedValue('secret', 'token'))).not.toContain('token-1');
  });

  it('a failure is told to those who asked, and the next one tries again', async () => {
    const one = worker('failing');
    const fail = () => Promise.reject(new Error('no token today'));
    await expect(one.get('token', fail, never)).rejects.toThrow('no token today');
    expect(await one.get('token', maker().make, never)).toBe('token-1');
  });

  it('who gives up gives up alone', async () => {
    const one = worker('patience');
    const source = maker();
    const short = AbortSignal.timeout(60);
    const stalled = () =>
      new Promise<never>((_, reject) => {
        const giveUp = () => reject(short.reason);
        // Its time may be over before it is its turn.
        if (short.aborted) giveUp();
        else short.addEventListener('abort', giveUp, { once: true });
      });
    const first = one.get('token', stalled, short);
    const second = one.get('token', source.make, never);
    await expect(first).rejects.toThrow();
    expect(await second).toBe('token-1');
    const third = one.get('other', source.make, never);
    await expect(one.get('other', source.make, AbortSignal.timeout(5))).rejects.toThrow();
    expect(await third).toBe('token-2');
  });
});
