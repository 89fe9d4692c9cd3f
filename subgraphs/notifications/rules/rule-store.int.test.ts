/** What rules remember, in the real stores: asked by several at once, and again. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freshDatabase } from '../../../testing/fresh.ts';
import { type OpenStore, openStore } from '../testing/open-store.ts';
import { claimOnce } from './once.ts';
import type { CountedMessage, OnceClaim } from './rule-store.ts';
import { countMessages } from './throttle.ts';

const services = freshDatabase();
let store: OpenStore;
beforeAll(async () => {
  store = await openStore(services);
});
afterAll(() => store.close());

// Lately: what is over for a week is cleaned away, in the middle of a test too.
const START = Date.now() - 2 * 3_600_000;
const at = (second: number) => new Date(START + second * 1_000);

describe('claimOnce', () => {
  const claim = (notification: string, second: number, changes: Partial<OnceClaim> = {}): OnceClaim => ({
    notification,
    workspace: 'default',
    event: 'order.paid',
    key: 'o1',
    acceptedAt: at(second),
    windowSeconds: 60,
    ...changes,
  });
  const lostOf = async (...claims: OnceClaim[]) => Object.fromEntries(await claimOnce(store.models, claims));

  it('the first accepted of a window is the one, of each key, event and workspace', async () => {
    const others = [
      claim('k', 0, { key: 'o2' }),
      claim('e', 0, { event: 'order.sent' }),
      claim('w', 0, { workspace: 'other' }),
    ];
    expect(await lostOf(claim('b', 2), claim('a', 1), claim('c', 3), ...others)).toEqual({ b: 'a', c: 'a' });
    expect(await lostOf(claim('d', 60))).toEqual({ d: 'a' });
    // Planned late: the window is still the other one's.
    expect(await lostOf(claim('early', 0))).toEqual({ early: 'a' });
  });

  it('the next window is of who comes first in it; an owner of an earlier one stays one', async () => {
    const key = 'windows';
    expect(await lostOf(claim('a', 0, { key }), claim('b', 61, { key }), claim('c', 62, { key }))).toEqual({
      c: 'b',
    });
    expect(await lostOf(claim('d', 300, { key }))).toEqual({});
    expect(await lostOf(claim('a', 0, { key }), claim('c', 62, { key }), claim('d', 300, { key }))).toEqual({
      c: 'd',
    });
  });

  it('there is one, whoever asks at the same time, and the same one when all ask again', async () => {
    for (let round = 0; round < 10; round++) {
      const key = `race ${round}`;
      const claims = Array.from({ length: 12 }, (_, i) => claim(`${round}-${i}`, i % 3, { key }));
      const ask = async () => {
        const answers = await Promise.all(claims.map((one) => claimOnce(store.models, [one])));
        return claims.flatMap(({ notification }, index) =>
          answers[index]?.has(notification) ? [] : notification,
        );
      };
      const first = await ask();
      expect(first).toHaveLength(1);
      expect(await ask()).toEqual(first);
    }
  });
});

describe('countMessages', () => {
  const message = (
    notification: string,
    recipient: string,
    changes: Partial<CountedMessage> = {},
  ): CountedMessage => ({
    notification,
    workspace: 'default',
    event: 'news',
    recipient,
    at: at(0),
    max: 2,
    windowSeconds: 3_600,
    ...changes,
  });
  const count = (...messages: CountedMessage[]) => countMessages(store.redis, store.names, messages);

  it('lets so many through, of each recipient, event, workspace and window', async () => {
    expect(
      await count(
        message('a', 'ann'),
        message('b', 'ann'),
        message('c', 'ann'),
        message('c', 'bob'),
        message('c', 'ann', { event: 'offers' }),
        message('c', 'ann', { workspace: 'other' }),
        message('c', 'ann', { at: at(3_600) }),
      ),
    ).toEqual([true, true, false, true, true, true, true]);
  });

  it('counts a notification once, however often it is planned', async () => {
    const ask = () =>
      count(message('a', 'cat'), message('a', 'cat'), message('b', 'cat'), message('c', 'cat'));
    expect(await ask()).toEqual([true, true, true, false]);
    expect(await ask()).toEqual([true, true, true, false]);
  });

  it('keeps to it when many ask at once, and forgets windows that are over', async () => {
    // One moment, so that all are of one window.
    const now = new Date();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => count(message(`n${i}`, 'dan', { at: now }))),
    );
    expect(answers.flat().filter(Boolean)).toHaveLength(2);
    const keys = await store.redis.keys(`{${services.namespace}:throttle:*`);
    const ttls = await Promise.all(keys.map((key) => store.redis.pttl(key)));
    expect(ttls.length).toBeGreaterThan(0);
    for (const ttl of ttls) {
      expect(ttl).toBeGreaterThan(0);
      expect(ttl).toBeLessThanOrEqual(2 * 3_600_000);
    }
  });

  it('asks for a page of a group in one call', async () => {
    const calls = vi.spyOn(store.redis, 'eval');
    const page = Array.from({ length: 500 }, (_, i) => message('page', `member ${i}`));
    expect(await count(...page)).toEqual(page.map(() => true));
    expect(calls).toHaveBeenCalledTimes(1);
    calls.mockRestore();
  });
});
