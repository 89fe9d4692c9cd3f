import { describe, expect, test } from 'vitest';
import { brokenLinks } from './broken-links.ts';
import { declarationOf } from './declared-variables.ts';
import { type LintedTemplate, lint } from './lint.ts';
import { usedVariables } from './used-variables.ts';

const order = {
  type: 'object',
  properties: {
    id: { type: 'string', examples: ['A-1'] },
    total: { type: 'number', examples: [12.5] },
    items: { type: 'array', items: { type: 'object', properties: { name: { examples: ['Tea'] } } } },
  },
};
const variables = { type: 'object', required: ['order'], properties: { order } };
const mail = { channel: 'EMAIL', title: 'Order {{order.id}}', body: 'Order {{order.id}}' } as const;

describe('lint', () => {
  test('finds nothing in a good template', () => {
    const good: LintedTemplate = {
      variables,
      partials: { page: '<b>{{order.id}}</b>{{> @partial-block}}{{> foot note="x"}}', foot: '{{note}}' },
      contents: [
        {
          ...mail,
          html: '{{#> page}}{{#each order.items}}<p>{{name}} {{@index}} {{@root.order.id}}</p>{{/each}}{{user.name}}{{currency order.total "EUR"}}{{/page}}<a href="https://a.example/{{order.id}}">x</a><a href="https://{{user.attributes.shop}}/a">y</a>',
          url: 'https://{{user.attributes.shop}}',
        },
        { channel: 'SMS', body: '{{data.order.id}}{{#with order}}{{total}}{{../order.id}}{{/with}}' },
      ],
    };
    expect(lint(good)).toEqual([]);
  });

  test.each<[string, LintedTemplate, readonly (readonly [string, string, string, RegExp])[]]>([
    [
      'variables that are not declared, not in the sample, never used',
      {
        variables: { properties: { order, note: {}, extra: {} } },
        contents: [
          {
            channel: 'SMS',
            body: '{{order.number}}\n{{#each order.items}}{{price}}{{/each}}{{note}}{{nothing}}',
          },
        ],
      },
      [
        ['WARNING', 'contents.0.body', 'variable-undeclared', /^Line 1: .*"order\.number"/],
        ['WARNING', 'contents.0.body', 'variable-undeclared', /^Line 2: .*"order\.items\[\]\.price"/],
        ['WARNING', 'contents.0.body', 'variable-without-sample', /"note"/],
        ['WARNING', 'contents.0.body', 'variable-undeclared', /"nothing"/],
        ['WARNING', 'variables.properties.extra', 'variable-unused', /"extra"/],
      ],
    ],
    [
      'an object as text',
      { variables, contents: [{ channel: 'SMS', body: '{{order}}' }] },
      [['WARNING', 'contents.0.body', 'object-as-text', /"order" is an object/]],
    ],
    [
      'too large with the sample data',
      {
        contents: [
          { channel: 'SMS', body: '{{text}}' },
          { channel: 'SMS', locale: 'de', body: '{{text}}', oversize: 'TRUNCATE' },
        ],
        sample: { text: 'x'.repeat(1_601) },
      },
      [['ERROR', 'contents.0.body', 'size', /has 1601 characters; SMS takes at most 1600/]],
    ],
    [
      'what is not escaped',
      { contents: [{ ...mail, title: 'T', body: '{{{a}}}', html: 'x\n{{{a}}}' }] },
      [['WARNING', 'contents.0.html', 'unescaped-html', /^Line 2: \{\{\{a\}\}\}/]],
    ],
    [
      'the other way not to escape',
      { contents: [{ ...mail, title: 'T', body: 'b', html: '{{#if a}}{{&a}}{{/if}}' }] },
      [['WARNING', 'contents.0.html', 'unescaped-html', /Write \{\{a\}\}/]],
    ],
    [
      'links that lead nowhere',
      {
        contents: [
          {
            ...mail,
            title: 'T',
            body: 'See https//a.example or https://localhost-but-not and http:/x',
            html: '<a href="www.a.example">a</a><a href="">b</a><a href="{{u}}">c</a>',
            url: 'a.example/x',
          },
        ],
      },
      [
        ['WARNING', 'contents.0.body', 'broken-link', /"https:\/\/localhost-but-not" has no whole host/],
        ['WARNING', 'contents.0.body', 'broken-link', /"http:\/x" is no web address/],
        ['WARNING', 'contents.0.html', 'broken-link', /"www\.a\.example" does not say where to/],
        ['WARNING', 'contents.0.html', 'broken-link', /"" is empty/],
        ['WARNING', 'contents.0.url', 'broken-link', /"a\.example\/x"/],
      ],
    ],
    [
      'no subject',
      { contents: [{ channel: 'EMAIL', body: 'b' }] },
      [['WARNING', 'contents.0.title', 'no-subject', /subject/]],
    ],
    [
      'a line break in a subject',
      { contents: [{ ...mail, title: 'a\r\nBcc: b' }] },
      [['ERROR', 'contents.0.title', 'line-break-in-subject', /one line/]],
    ],
    [
      'a megabyte of html',
      { contents: [{ ...mail, title: 'T', body: 'b', html: 'x'.repeat(1024 * 1024 + 1) }] },
      [
        ['ERROR', 'contents.0.html', 'html-size', /at most 1048576/],
        ['WARNING', 'contents.0.html', 'html-size', /Gmail/],
      ],
    ],
    [
      'look-ups of prototypes',
      { contents: [{ channel: 'SMS', body: '{{a.__proto__.b}}{{#with constructor}}{{/with}}' }] },
      [
        ['ERROR', 'contents.0.body', 'prototype-lookup', /"__proto__"/],
        ['ERROR', 'contents.0.body', 'prototype-lookup', /"constructor"/],
      ],
    ],
    [
      'an unknown helper, and a source that is no text',
      {
        contents: [
          { channel: 'SMS', body: '{{shout a}}' },
          { channel: 'QQ', body: { type: 'Program', body: [] } as unknown as string },
        ],
      },
      [
        ['ERROR', 'contents.0.body', 'source', /no helper "shout"/],
        ['ERROR', 'contents.1.body', 'source', /a source is a text/],
      ],
    ],
    [
      'what fails with the sample data',
      {
        contents: [
          { channel: 'SMS', body: '{{date at}}' },
          { channel: 'QQ', body: '{{date at}}' },
        ],
        sample: { at: 'soon' },
      },
      [
        ['ERROR', 'contents.0.body', 'render', /"soon" is no date/],
        ['ERROR', 'contents.1.body', 'render', /"soon" is no date/],
      ],
    ],
    [
      'a circle of partials',
      { contents: [{ channel: 'SMS', body: '{{> a}}' }], partials: { a: '{{> b}}', b: '{{> a}}' } },
      [['ERROR', 'partials.a', 'partials', /a → b → a/]],
    ],
    [
      'a schema that explodes',
      {
        contents: [{ channel: 'SMS', body: 'x' }],
        variables: { allOf: [{ properties: { a: { $ref: '#' } } }, { properties: { a: { $ref: '#' } } }] },
      },
      [['ERROR', 'variables', 'json-schema', /two ways/]],
    ],
  ])('%s', (_, template, expected) => {
    const found = lint(template);
    expect(found).toEqual(
      expected.map(([severity, field, rule, message]) => ({
        severity,
        field,
        rule,
        message: expect.stringMatching(message) as string,
      })),
    );
  });
});

test.each([
  ['{{a.b}} {{this.c}} {{./d}} {{@root.e}} {{data.f}} {{@index}}', 'a.b c d e f'],
  ['{{#if a}}{{b}}{{else if c}}{{d}}{{/if}}', 'a b c d'],
  [
    '{{#each a}}{{b}}{{this}}{{../c}}{{#each d}}{{../e}}{{../../f}}{{/each}}{{/each}}',
    'a a.*.b a.* c a.*.d a.*.e f',
  ],
  ['{{#each a as |x i|}}{{x.b}}{{i}}{{#if x.c}}{{x.d}}{{/if}}{{/each}}', 'a a.*.b a.*.c a.*.d'],
  ['{{#with a as |x|}}{{x.b}}{{c}}{{else}}{{d}}{{/with}}', 'a a.b a.c d'],
  ['{{#a}}{{b}}{{/a}}{{lookup c d}}{{plural e one=f other="x"}}', 'a c d e f'],
  ['{{date}} {{date at timeZone=zone}} {{upper (default g "x")}}', 'date at zone g'],
  ['{{> p}}{{> p o}}{{> p x=h}}', 'x o o.x h'],
  ['{{#> l}}{{i}}{{/l}}', 'i'],
])('%s uses %s', (source, expected) => {
  const partials = { p: '{{x}}', l: '{{> @partial-block}}' };
  expect(usedVariables(source, partials).map(({ path }) => path.join('.'))).toEqual(expected.split(' '));
});

test.each<[unknown, string, boolean]>([
  [undefined, 'a', true],
  [{ properties: { a: {} } }, 'a', true],
  [{ properties: { a: {} } }, 'b', false],
  [{ properties: { a: {} } }, 'a.b', true],
  [{ properties: { a: {} }, additionalProperties: true }, 'b', true],
  [{ required: ['a'] }, 'b', true],
  [{ properties: { a: { $ref: '#/$defs/x' } }, $defs: { x: { properties: { y: {} } } } }, 'a.y', true],
  [{ properties: { a: { $ref: '#/$defs/x' } }, $defs: { x: { properties: { y: {} } } } }, 'a.z', false],
  [{ anyOf: [{ properties: { a: {} } }, { properties: { b: {} } }] }, 'b', true],
  [{ properties: { a: { items: { properties: { b: {} } } } } }, 'a.*.b', true],
  [{ properties: { a: { items: { properties: { b: {} } } } } }, 'a.*.c', false],
  [{ properties: { a: { items: { properties: { b: {} } } } } }, 'a.length', true],
  [{ properties: { a: { $ref: '#' } } }, 'a.a.a.b', false],
])('%j: %s', (schema, path, isDeclared) => {
  expect(declarationOf(schema, path.split('.')).isDeclared).toBe(isDeclared);
});

test('links that are none of ours to judge', () => {
  const html =
    '<a href="/x">a</a><a href="#y">b</a><a href="mailto:a@b.example">c</a><a href="tel:+491">d</a><img src="cid:1"><a href="app://x">e</a>';
  expect(brokenLinks('html', html)).toEqual([]);
  expect(brokenLinks('html', '<a href="java&#x73;cript:x">a</a><a href=" javascript:x">b</a>')).toEqual([
    { link: 'java&#x73;cript:x', reason: 'does not say where to: begin it with https:// or /' },
    { link: 'javascript:x', reason: 'runs code' },
  ]);
});
