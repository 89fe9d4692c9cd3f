import { describe, expect, test } from 'vitest';
import { compileSource } from './compile-source.ts';
import { type PartialSet, partialsProblem } from './partial-set.ts';

describe('partialsProblem', () => {
  test.each<[PartialSet]>([
    [{}],
    [{ footer: '{{company}}', legal: '{{> footer}}{{> footer}}' }],
    [{ page: '<html>{{> @partial-block}}</html>', mail: '{{#> page}}{{> footer}}{{/page}}', footer: 'x' }],
  ])('nothing is wrong with %j', (partials) => {
    expect(partialsProblem(partials)).toBeUndefined();
  });

  test.each<[PartialSet, string, string | RegExp]>([
    [{ a: '{{> a}}' }, 'a', 'Partials go in a circle: a → a. Take one of these calls out.'],
    [
      { footer: '{{> legal}}', legal: '{{#if x}}{{> small}}{{/if}}', small: '{{#> legal}}{{/legal}}' },
      'legal',
      /circle: legal → small → legal\./,
    ],
    [{ page: '{{> @partial-block}}', a: '{{#> page}}{{> b}}{{/page}}', b: '{{> a}}' }, 'a', /a → b → a\./],
    [{ a: '{{> b}}' }, 'a', /no partial "b"; the partials are a/],
    [{ 'a b': '' }, 'a b', /A name begins with a letter/],
    [{ a: '{{#if}}' }, 'a', /^Line 1/],
    [{ a: '{{shout x}}' }, 'a', /no helper "shout"/],
    [{ a: 'x'.repeat(600_000) }, 'a', /at most 524288/],
  ])('%j', (partials, name, message) => {
    expect(partialsProblem(partials)).toEqual({ name, message: expect.stringMatching(message) as string });
  });

  test('names of the prototype are names', () => {
    const partials = JSON.parse('{"__proto__x": "", "constructor": "c"}') as PartialSet;
    expect(partialsProblem(partials)?.name).toBe('__proto__x');
    expect(partialsProblem({ toString: 'text' })).toBeUndefined();
  });

  test('too many', () => {
    const partials = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`p${i}`, '']));
    expect(partialsProblem(partials)).toEqual({ message: 'There are at most 200 partials.' });
  });
});

describe('what they make', () => {
  const partials = {
    page: '<body>{{> @partial-block}}{{> footer company="<ACME>"}}</body>',
    footer: '<p>{{company}} {{upper name}}</p>',
    item: '[{{name}}]',
  };
  const html = (source: string, variables: Record<string, unknown>) =>
    compileSource('html', source, partials)(variables);

  test('a layout around a text', () => {
    expect(html('{{#> page}}Hi {{name}}{{/page}}', { name: '<Ann>' })).toBe(
      '<body>Hi &lt;Ann&gt;<p>&lt;ACME&gt; &lt;ANN&gt;</p></body>',
    );
    // A helper that only a partial uses, text without HTML's escapes.
    expect(compileSource('body', '{{> footer}}', partials)({ name: '<a>' })).toBe('<p> <A></p>');
  });

  test('a partial for each of a list', () => {
    expect(html('a\n  {{#each list}}\n  {{> item}}\n  {{/each}}', { list: [{ name: 1 }, { name: 2 }] })).toBe(
      'a\n  [1]  [2]',
    );
  });

  test('nothing of prototypes in them either', () => {
    const sly = { sly: '{{constructor}}{{__proto__}}{{name.constructor.name}}{{lookup name "constructor"}}' };
    expect(compileSource('body', '{{> sly}}', sly)({ name: 'x' })).toBe('');
  });

  test('partials that call the next twice are stopped', () => {
    const bomb = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`p${i}`, i < 29 ? `{{> p${i + 1}}}{{> p${i + 1}}}` : 'lol']),
    );
    expect(partialsProblem(bomb)).toBeUndefined();
    expect(() => compileSource('body', '{{> p0}}', bomb)({})).toThrow(
      'partials are called more than 5000 times',
    );
  });

  test('layouts that take their block twice are stopped', () => {
    const twice = { twice: '{{> @partial-block}}{{> @partial-block}}' };
    const source = `${'{{#> twice}}'.repeat(40)}x${'{{/twice}}'.repeat(40)}`;
    expect(() => compileSource('body', source, twice)({})).toThrow(
      'partials are called more than 5000 times',
    );
  });

  test('a layout without a block says so', () => {
    expect(() => compileSource('body', '{{> page}}', partials)({})).toThrow(
      /partial-block could not be found/,
    );
  });
});
