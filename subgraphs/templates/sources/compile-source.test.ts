import { describe, expect, test } from 'vitest';
import { compileMarkdown, compileSource } from './compile-source.ts';
import type { SourcePart } from './limits.ts';

const render = (part: SourcePart, source: string, variables: Record<string, unknown>): string =>
  compileSource(part, source)(variables);

describe('escaping', () => {
  const variables = { name: `<b>&"'\`=` };
  test.each<[SourcePart, string, string]>([
    ['html', '{{name}}', '&lt;b&gt;&amp;&quot;&#x27;&#x60;&#x3D;'],
    ['html', '{{{name}}}', `<b>&"'\`=`],
    ['html', '{{#with name}}{{this}}{{/with}}', '&lt;b&gt;&amp;&quot;&#x27;&#x60;&#x3D;'],
    ['html', '{{lookup @root "name"}}', '&lt;b&gt;&amp;&quot;&#x27;&#x60;&#x3D;'],
    ['title', '{{name}}', `<b>&"'\`=`],
    ['body', '{{name}}', `<b>&"'\`=`],
    ['url', 'https://x.example/?q={{name}}', `https://x.example/?q=<b>&"'\`=`],
  ])('%s: %s', (part, source, text) => {
    expect(render(part, source, variables)).toBe(text);
  });
});

describe('values', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['{{n}} {{z}} {{no}} {{nil}}|', { n: 12.5, z: 0, no: false, nil: null }, '12.5 0 false |'],
    ['{{missing}}{{missing.deep.er}}|', {}, '|'],
    ['{{items.length}} {{items.[1]}} {{name.length}}', { items: ['a', 'b'], name: 'abc' }, '2 b 3'],
    [
      '{{#each items}}{{@index}}{{this}}{{#unless @last}},{{/unless}}{{/each}}',
      { items: ['a', 'b'] },
      '0a,1b',
    ],
    ['{{#each o}}{{@key}}={{this}};{{/each}}', { o: { a: 1, b: 2 } }, 'a=1;b=2;'],
    [
      '{{#each rows as |row|}}{{#each row as |cell|}}{{cell}}{{/each}}|{{/each}}',
      { rows: [[1, 2], [3]] },
      '12|3|',
    ],
    ['{{#items}}{{n}}{{/items}}{{^none}}-{{/none}}', { items: [{ n: 1 }, { n: 2 }] }, '12-'],
    [
      '{{log}}{{helperMissing}}{{blockHelperMissing}}',
      { log: 'l', helperMissing: 'h', blockHelperMissing: 'b' },
      'lhb',
    ],
  ])('%s', (source, variables, text) => {
    expect(render('body', source, variables)).toBe(text);
  });

  // Handlebars adds them up where it escapes nothing.
  test.each<[string]>([
    ['{{a}}{{b}}'],
    ['{{{a}}}{{{b}}}'],
    ['{{#if a}}{{{a}}}{{/if}}{{#if b}}{{{b}}}{{/if}}'],
    ['{{#with this}}{{data.a}}{{#if b}}{{{b}}}{{/if}}{{/with}}'],
    ['{{#each list}}{{{this}}}{{#unless @first}}{{else}}{{/unless}}{{/each}}'],
    ['{{lookup list 0}}{{{lookup list 1}}}'],
    ['{{default none a}}{{{default none b}}}'],
  ])('numbers beside each other stay apart: %s', (source) => {
    const variables = { a: 1, b: 2, data: { a: 1 }, list: [1, 2] };
    for (const part of ['title', 'body', 'html', 'url'] as const)
      expect(render(part, source, variables)).toBe('12');
    expect(compileMarkdown(source.replaceAll('{{{', '{{').replaceAll('}}}', '}}'))(variables).values).toEqual(
      ['1', '2'],
    );
    expect(compileMarkdown('{{{a}}}{{{b}}}')(variables).markdown).toBe('12');
  });
});

describe('nothing is read from prototypes', () => {
  class Person {
    name = 'Ann';
    get secret(): string {
      return 'hidden';
    }
    greet(): string {
      return 'hello';
    }
  }
  test.each([
    ['{{constructor}}'],
    ['{{constructor.name}}'],
    ['{{constructor.constructor}}'],
    ['{{__proto__}}'],
    ['{{__proto__.constructor}}'],
    ['{{o.constructor}}{{o.__proto__}}{{o.toString}}{{o.hasOwnProperty}}'],
    ['{{s.constructor}}{{s.sub}}{{list.map}}{{list.constructor.constructor}}'],
    ['{{lookup this "constructor"}}{{lookup o "__proto__"}}{{lookup (lookup s "constructor") "name"}}'],
    ['{{#with o as |x|}}{{x.constructor}}{{/with}}{{#with __proto__}}{{constructor}}{{/with}}'],
    ['{{#each o}}{{constructor}}{{/each}}{{#constructor}}x{{/constructor}}'],
    ['{{person.secret}}{{person.greet}}'],
    ['{{__defineGetter__}}{{__lookupGetter__}}{{valueOf}}'],
  ])('%s', (source) => {
    const variables = { o: { a: 1 }, s: 'text', list: [1], person: new Person() };
    expect(render('body', source, variables)).toBe('');
  });

  test('own members of such names are data', () => {
    const data = JSON.parse('{"constructor": "c", "__proto__": "p"}') as Record<string, unknown>;
    expect(render('body', '{{constructor}}{{__proto__}}', data)).toBe('cp');
  });

  test('values are not rendered as sources', () => {
    expect(render('body', '{{a}}', { a: '{{b}}', b: 'no' })).toBe('{{b}}');
  });
});

describe('titles and URLs', () => {
  test.each<[SourcePart, string, string]>([
    ['title', 'a\r\nBcc: x@example.com', 'a Bcc: x@example.com'],
    ['title', ' a\u2028b\u0000c\u0085 ', 'a b c'],
    ['body', 'a\r\nb', 'a\r\nb'],
    ['url', ' https://x.example/a\n ', 'https://x.example/a'],
    ['url', '/orders/1', '/orders/1'],
    ['url', 'myapp://orders/1', 'myapp://orders/1'],
    ['url', 'mailto:a@example.com', 'mailto:a@example.com'],
  ])('%s %j becomes %j', (part, value, text) => {
    expect(render(part, '{{value}}', { value })).toBe(text);
  });

  test.each([
    'javascript:alert(1)',
    ' JavaScript:alert(1)',
    'java\nscript:alert(1)',
    '\u0001javascript:x',
    'data:text/html,x',
    'vbscript:x',
  ])('the URL %j is refused', (value) => {
    expect(() => render('url', '{{value}}', { value })).toThrow('a URL that runs code');
  });
});

test('a variable that has a helper’s name is a variable', () => {
  const variables = { date: 'today', number: [1, 2], link: 'x' };
  expect(
    render(
      'body',
      '{{date}} {{#number}}{{this}}{{/number}} {{upper date}} {{#if link}}{{link}}{{/if}}',
      variables,
    ),
  ).toBe('today 12 TODAY x');
});

test('what an object is in html is what it is elsewhere', () => {
  for (const part of ['html', 'body'] as const)
    expect(render(part, '{{o}}{{l}}', { o: { a: 1 }, l: [1, 2] })).toBe('[object Object]1,2');
  expect(render('html', '{{o}}', { o: { toHTML: '<b>' } })).toBe('[object Object]');
});

describe('bounds', () => {
  test('a text that takes long to escape', () => {
    const source = '{{s}}'.repeat(5_000);
    const start = performance.now();
    expect(() => render('html', source, { s: '<'.repeat(60_000) })).toThrow('it makes too much text');
    expect(performance.now() - start).toBeLessThan(40_000);
  });

  test('a render that takes too long', () => {
    const source = `{{#each a}}${'{{#if (truncate @root.s 3000)}}{{/if}}'.repeat(900)}{{/each}}`;
    const start = performance.now();
    expect(() => render('body', source, { a: many(40_000), s: '👩‍👩‍👧‍👦'.repeat(5_000) })).toThrow(
      'it takes more than 2000 ms',
    );
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  const many = (n: number) => Array.from({ length: n }, (_, i) => i);
  test.each<[string, SourcePart, string, Record<string, unknown>, string]>([
    [
      'nested loops',
      'body',
      '{{#each a}}{{#each @root.a}}{{#each @root.a}}{{/each}}{{/each}}{{/each}}',
      { a: many(1_000) },
      'loops run more than 50000 times',
    ],
    [
      'sections',
      'body',
      '{{#a}}{{#@root.a}}{{/@root.a}}{{/a}}',
      { a: many(1_000) },
      'loops run more than 50000 times',
    ],
    [
      'a loop over a long text',
      'html',
      '{{#each a}}{{{@root.s}}}{{/each}}',
      { a: many(1_000), s: 'x'.repeat(10_000) },
      'a loop makes too much text',
    ],
    ['a long body', 'body', '{{s}}{{s}}{{s}}', { s: 'x'.repeat(100_000) }, 'more than 262144 characters'],
    ['a long title', 'title', '{{s}}', { s: 'x'.repeat(2_001) }, 'more than 2000 characters'],
    ['a long URL', 'url', '{{s}}', { s: 'x'.repeat(8_001) }, 'more than 8000 characters'],
  ])('%s', (_, part, source, variables, message) => {
    expect(() => render(part, source, variables)).toThrow(message);
  });

  test('the count of loops starts anew with each render', () => {
    const compiled = compileSource('body', '{{#each a}}{{/each}}');
    for (let i = 0; i < 3; i++) expect(compiled({ a: many(30_000) })).toBe('');
  });
});
