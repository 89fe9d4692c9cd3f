import { describe, expect, test } from 'vitest';
import { conditionProblem, judge } from './condition.ts';

const ann = { id: 'ann', locale: 'de', groups: ['vip'], attributes: { tier: 'gold', orders: 12 } };

describe('conditionProblem', () => {
  test.each([
    'data.total > 100 && data.country in ["DE", "AT"]',
    'has(data.coupon) && data.coupon != ""',
    'event == "order.paid" && now.getHours("Europe/Berlin") < 22',
    'data.items.exists(i, i.qty > 2) || data.items.all(i, i.price < 10.0)',
  ])('%s can be one', (source) => {
    expect(conditionProblem('event', source)).toBeUndefined();
  });

  test.each([
    ['', /empty/],
    ['data.total >', /Unexpected token/],
    ['user.locale == "de"', /Unknown variable: user/],
    ['1 + 1', /type int/],
    ['"yes"', /type string/],
    ['data.a.exists(x, data.b.exists(y, x == y))', /inside one another/],
    [`data.x == "${'x'.repeat(2_000)}"`, /at most 2000 characters/],
    [Array.from({ length: 200 }, () => 'data.x').join(' || '), /maxAstNodes|node/i],
    ['data.x.matches("(a")', /pattern of RE2.*missing closing/],
    ['data.x.matches("(?=a)b")', /pattern of RE2/],
    ['data.items.exists(i, i.sku.matches("["))', /pattern of RE2/],
    ['process.exit()', /process/],
  ])('%s cannot', (source, problem) => {
    expect(conditionProblem('event', source)).toMatch(problem);
  });
});

describe('judge', () => {
  test.each<[string, object, boolean]>([
    ['data.total > 100', { total: 150 }, true],
    ['data.total > 100', { total: 99.5 }, false],
    ['data.items.exists(i, i.qty > 2)', { items: [{ qty: 1 }, { qty: 3 }] }, true],
    ['!has(data.coupon)', {}, true],
    ['data.constructor == null || true', {}, true],
    ['data.sku.matches("^[A-Z]+-[0-9]{2}$")', { sku: 'AB-12' }, true],
    ['data.sku.matches("^[0-9]")', { sku: 'AB-12' }, false],
    ['data.items.exists(i, i.matches(data.like))', { items: ['x', 'yes'], like: 'e.$' }, true],
  ])('%s of %j is %s', (source, data, holds) => {
    expect(judge('event', source, { data })).toEqual({ holds });
  });

  test('what is not there makes it false, and says so', () => {
    expect(judge('event', 'data.total > 100', { data: {} })).toEqual({
      holds: false,
      because: 'No such key: total.',
    });
    expect(judge('event', 'data.__proto__.x == 1', { data: {} })).toMatchObject({ holds: false });
  });

  test('another type than expected does so, too', () => {
    const verdict = judge('event', 'data.total > 100', { data: { total: 'much' } });
    expect(verdict).toMatchObject({ holds: false, because: expect.stringContaining('no such overload') });
  });

  test('of a recipient', () => {
    const source = 'user.attributes.tier == "gold" && "vip" in user.groups && data.total > 1';
    expect(judge('recipient', source, { data: { total: 5 }, user: ann })).toEqual({ holds: true });
    expect(judge('user', 'user.attributes.orders >= 12', { user: ann })).toEqual({ holds: true });
  });

  test('a pattern takes time linear to the text, whoever wrote it', () => {
    const x = `${'a'.repeat(30_000)}!`;
    const started = performance.now();
    expect(judge('event', 'data.x.matches("^(a+)+$")', { data: { x } })).toEqual({ holds: false });
    expect(judge('event', 'data.x.matches(data.p)', { data: { x, p: '^(a|aa)+$' } })).toEqual({
      holds: false,
    });
    expect(performance.now() - started).toBeLessThan(20_000);
    expect(judge('event', 'data.x.matches(data.p)', { data: { x, p: '(' } })).toMatchObject({
      holds: false,
      because: expect.stringContaining('missing closing') as string,
    });
  });
});
