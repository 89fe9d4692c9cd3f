import { describe, expect, test } from 'vitest';
import { claimsOf, renewInMs, TokenKeeper } from './token-keeper.ts';

const jwt = (claims: object) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${'signature'}`;
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;

test.each([
  [jwt({ sub: 'ada', ws: 'default', exp: 12 }), { owner: 'default:ada', expiresAt: 12_000 }],
  [jwt({ sub: 'Zoë 北', ws: 'w' }), { owner: 'w:Zoë 北' }],
  [jwt({ ws: 'default' }), undefined],
  ['hk_key', undefined],
  ['', undefined],
])('claimsOf(%s)', (token, claims) => {
  expect(claimsOf(token)).toEqual(claims);
});

test.each([
  ['an hour: a minute before', 3_600_000, 3_540_000],
  ['ten seconds: a fifth before', 10_000, 8_000],
  ['hardly any: after a second', 500, 1_000],
  ['over as it comes: this clock is wrong', -5_000, Number.POSITIVE_INFINITY],
])('renewInMs, %s', (_, left, renew) => {
  expect(renewInMs(1_000_000 + left, 1_000_000)).toBe(renew);
});

describe('TokenKeeper', () => {
  test('asks once, and again after a refusal', async () => {
    let asked = 0;
    const keeper = new TokenKeeper(async () => {
      asked += 1;
      return jwt({ sub: 'ada', n: asked, exp: inSeconds(3_600) });
    });
    expect(await keeper.get()).toBe(await keeper.get());
    expect(asked).toBe(1);
    keeper.drop();
    await keeper.get();
    expect(asked).toBe(2);
    expect(keeper.renewAt).toBeGreaterThan(Date.now() + 3_500_000);
  });

  test('a fixed token is never renewed', async () => {
    const keeper = new TokenKeeper(jwt({ sub: 'ada', exp: inSeconds(1) }));
    await keeper.get();
    expect(keeper.renewable).toBe(false);
    expect(keeper.renewAt).toBe(Number.POSITIVE_INFINITY);
  });
});
