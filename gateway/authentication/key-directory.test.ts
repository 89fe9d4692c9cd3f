import { hash } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Principal } from '../../platform/auth/principal.ts';
import { unavailable } from '../../platform/errors/herald-error.ts';
import { KeyDirectory, type KeyLookup } from './key-directory.ts';

const APP: Principal = { kind: 'app', workspace: 'default', app: 'a', key: 'k', ratePerSecond: 1000 };

/** The clock by which answers grow old, which only the tests move. */
let now: number;
beforeEach(() => {
  now = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
/** The directory looks at the clock every few milliseconds. */
const clockIsSeen = () => new Promise((resolve) => setTimeout(resolve, 100));

describe('KeyDirectory', () => {
  it('asks by hash and remembers the answer for its age', async () => {
    const lookup = vi.fn<KeyLookup>(async () => APP);
    const keys = new KeyDirectory(lookup, { maxAgeMs: 600 });
    expect(await keys.owner('hk_1', 'r')).toEqual(APP);
    expect(await keys.owner('hk_1', 'r')).toEqual(APP);
    expect(lookup.mock.calls).toEqual([[hash('sha256', 'hk_1'), 'r']]);
    now += 599;
    await clockIsSeen();
    await keys.owner('hk_1', 'r');
    expect(lookup).toHaveBeenCalledTimes(1);
    now += 2;
    await clockIsSeen();
    await keys.owner('hk_1', 'r');
    expect(lookup).toHaveBeenCalledTimes(2);
  });

  it('remembers a refusal too, but for less long', async () => {
    const lookup = vi.fn<KeyLookup>(async () => undefined);
    const keys = new KeyDirectory(lookup, { maxAgeMs: 60_000, refusalMaxAgeMs: 600 });
    for (let i = 0; i < 3; i++) expect(await keys.owner('hk_1', 'r')).toBeUndefined();
    expect(lookup).toHaveBeenCalledTimes(1);
    now += 601;
    await clockIsSeen();
    await keys.owner('hk_1', 'r');
    expect(lookup).toHaveBeenCalledTimes(2);
  });

  it('shares one lookup between concurrent callers', async () => {
    const lookup = vi.fn<KeyLookup>(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return APP;
    });
    const keys = new KeyDirectory(lookup);
    await Promise.all([keys.owner('hk_1', 'r'), keys.owner('hk_1', 'r'), keys.owner('hk_2', 'r')]);
    expect(lookup).toHaveBeenCalledTimes(2);
  });

  it('does not remember failures', async () => {
    const lookup = vi.fn<KeyLookup>().mockRejectedValueOnce(unavailable('down')).mockResolvedValue(APP);
    const keys = new KeyDirectory(lookup);
    await expect(keys.owner('hk_1', 'r')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await keys.owner('hk_1', 'r')).toEqual(APP);
  });

  it('asks anew where a lookup never ends', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const lookup = vi
        .fn<KeyLookup>()
        .mockReturnValueOnce(new Promise(() => undefined))
        .mockResolvedValue(APP);
      const keys = new KeyDirectory(lookup);
      const failure = keys.owner('hk_1', 'r').catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await failure).toMatchObject({ code: 'UNAVAILABLE' });
      expect(await keys.owner('hk_1', 'r')).toEqual(APP);
    } finally {
      vi.useRealTimers();
    }
  });

  it('does not remember what was asked before the keys changed', async () => {
    const answer = Promise.withResolvers<Principal | undefined>();
    const lookup = vi.fn<KeyLookup>().mockReturnValueOnce(answer.promise).mockResolvedValue(undefined);
    const keys = new KeyDirectory(lookup);
    const early = keys.owner('hk_1', 'r');
    keys.forget();
    const late = keys.owner('hk_1', 'r');
    answer.resolve(APP);
    expect(await early).toEqual(APP);
    expect(await late).toBeUndefined();
    expect(await keys.owner('hk_1', 'r')).toBeUndefined();
    expect(lookup).toHaveBeenCalledTimes(2);
  });

  it('holds a bounded number of keys', async () => {
    const lookup = vi.fn<KeyLookup>(async () => APP);
    const keys = new KeyDirectory(lookup, { maxKeys: 2 });
    for (const key of ['a', 'b', 'c', 'a']) await keys.owner(key, 'r');
    expect(lookup).toHaveBeenCalledTimes(4);
  });
});
