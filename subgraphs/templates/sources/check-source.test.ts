import { describe, expect, test } from 'vitest';
import { sourceProblem } from './check-source.ts';

describe('sourceProblem', () => {
  test.each([
    [''],
    ['plain { text } with ( braces'],
    ['{{name}} {{order.id}} {{this.if}} {{@root.x}} {{items.[0].name}} {{[a b]}}'],
    ['{{#if a}}{{else if b}}{{else}}{{/if}}{{#unless a}}{{/unless}}{{^if a}}{{/if}}'],
    ['{{#each items as |item index|}}{{@index}}{{item.name}}{{else}}none{{/each}}'],
    ['{{#with (lookup a b)}}{{c}}{{/with}} {{lookup a "b"}}'],
    ['{{#items}}{{name}}{{/items}}{{^items}}none{{/items}}'],
    ['{{!-- a comment --}}{{! another }}\\{{as is}}{{~ trimmed ~}}'],
    ['{{{{if a}}}} {{raw}} {{{{/if}}}}'],
    ['{{log}} {{constructor}} {{__proto__}}'],
    // Names of helpers that take a parameter are variables without one.
    ['{{date}} {{link}} {{#number}}{{/number}} {{upper date}}'],
    ['{{#if (and (eq a "b") (not (gt c 1)))}}{{plural n one="#" other="# x"}}{{/if}}'],
  ])('nothing is wrong with %j', (source) => {
    expect(sourceProblem(source)).toBeUndefined();
  });

  test.each([
    ['a\n{{#if x}}b', /^Line 2: .* the source ends inside a block\. Check that/],
    ['a\nb\n{{x', /^Line 3: this is not Handlebars syntax\. Check that every \{\{ is closed/],
    ['{{}}', /^Line 1: this is not Handlebars syntax/],
    ['\n{{#if x}}{{/each}}', /^Line 2: if doesn't match each\./],
    ['{{../x/../y}}', /^Line 1: Invalid path/],
    ['{{!-- never closed', /^Line 1: this is not Handlebars syntax/],
    [
      '{{shout name}}',
      /^Line 1: there is no helper "shout"; the helpers are if, unless, each, with, lookup, date, /,
    ],
    ['{{shout loud=true}}', /no helper "shout"/],
    ['{{#shout name}}{{/shout}}', /no helper "shout"/],
    ['a\n\n{{#if (shout name)}}{{/if}}', /^Line 3: there is no helper "shout"/],
    ['{{#if (shout)}}{{/if}}', /no helper "shout"/],
    ['{{order.total "x"}}', /no helper "order.total"/],
    ['{{this.if a}}', /no helper "this.if"/],
    ['{{"if" a b}}', /"if" takes one parameter and got 2/],
    ['{{log name}}', /no helper "log"/],
    ['{{constructor "x"}}', /no helper "constructor"/],
    ['{{__proto__ "x"}}', /no helper "__proto__"/],
    ['{{helperMissing name}}', /no helper "helperMissing"/],
    [
      '{{#each}}{{/each}}',
      /"each" takes one parameter and got 0; a variable of that name is written \{\{this\.each\}\}/,
    ],
    ['{{lookup a}}', /"lookup" takes 2 parameters and got 1/],
    ['{{if a}}', /"if" is a block/],
    ['{{#lookup a "b"}}{{/lookup}}', /"lookup" is no block/],
    ['{{#if a as |b|}}{{b}}{{/if}}', /only each and with give names \("as \|b\|"\)/],
    ['{{#items as |item|}}{{item}}{{/items}}', /only each and with give names/],
    ['{{> footer}}', /^Line 1: there is no partial "footer"; there are none here\.$/],
    ['{{#> layout}}{{/layout}}', /no partial "layout"/],
    ['{{> (lookup a "b")}}', /a partial is called by its name/],
    ['{{> @partial-block}}', /is for layouts/],
    ['{{date at "long" "x"}}', /"date" takes 1 to 2 parameters and got 3/],
    ['{{date at zone="UTC"}}', /"date" has no setting "zone"; it has timeZone/],
    ['{{upper a b=1}}', /"upper" has no setting "b"; it has none/],
    ['{{plural n one="#"}}', /"plural" needs the setting "other"/],
    ['{{currency total}}', /"currency" takes 2 parameters and got 1/],
    ['{{#eq a b}}{{/eq}}', /"eq" is no block/],
    ['{{#if (date)}}{{/if}}', /"date" takes 1 to 2 parameters and got 0/],
    ['{{#*inline "x"}}{{/inline}}', /decorators .* are not available/],
    ['{{* x}}', /decorators .* are not available/],
  ])('%j: %s', (source, problem) => {
    expect(sourceProblem(source)).toMatch(problem);
  });

  test('partials that there are', () => {
    const partials = { page: '', footer: '' };
    expect(sourceProblem('{{#> page}}{{> footer order company="X"}}{{/page}}', { partials })).toBeUndefined();
    expect(sourceProblem('{{> @partial-block}}', { partials, isPartial: true })).toBeUndefined();
    expect(sourceProblem('{{> other}}', { partials })).toBe(
      'Line 1: there is no partial "other"; the partials are page, footer.',
    );
    expect(sourceProblem('{{> footer a b}}', { partials })).toMatch(/takes one parameter and got 2/);
    expect(sourceProblem('{{> constructor}}', { partials })).toMatch(/no partial "constructor"/);
    expect(sourceProblem('{{#> @partial-block}}{{/@partial-block}}', { partials, isPartial: true })).toMatch(
      /is for layouts/,
    );
  });

  describe('sources that would take long to parse or compile', () => {
    test.each([
      [
        'deep blocks',
        `${'{{#if a}}\n'.repeat(20_000)}${'{{/if}}'.repeat(20_000)}`,
        /^Line 51: it is nested more than 50 deep/,
      ],
      ['deep blocks without an end', '{{#if a}}'.repeat(20_000), /nested more than 50 deep/],
      [
        'deep calls',
        `{{lookup ${'(lookup '.repeat(7_000)}a b${') b'.repeat(7_000)} c}}`,
        /nested more than 50 deep/,
      ],
      [
        'deep calls behind a string',
        `{{lookup ${'(lookup "}})" '.repeat(5_000)}a b}}`,
        /nested more than 50 deep/,
      ],
      ['many blocks', '{{#if a}}{{/if}}'.repeat(1_001), /more than 1000 blocks/],
      ['a long chain', `{{#if a}}${'{{else if b}}'.repeat(1_000)}{{/if}}`, /more than 1000 blocks/],
      ['many expressions', '{{a}}\n'.repeat(5_001), /^Line 5001: there are more than 5000 expressions/],
      ['a long path', `{{a${'.b'.repeat(30_000)}}}`, /more than 100 parts/],
    ])('%s', (_, source, problem) => {
      const start = performance.now();
      expect(sourceProblem(source)).toMatch(problem);
      expect(performance.now() - start).toBeLessThan(10_000);
    });

    test('what is just within the bounds passes', () => {
      expect(sourceProblem(`${'{{#if a}}'.repeat(50)}${'{{/if}}'.repeat(50)}`)).toBeUndefined();
      expect(sourceProblem('{{#if a}}{{/if}}'.repeat(1_000))).toBeUndefined();
      expect(sourceProblem('{{a.b.c}}'.repeat(5_000))).toBeUndefined();
    });

    test('a refused source leaves nothing behind for the next', () => {
      for (const source of ['{{!-- open', '{{#if a', '{{{{raw}}}}', '"{{["']) sourceProblem(source);
      expect(sourceProblem('{{a}}')).toBeUndefined();
    });
  });
});
