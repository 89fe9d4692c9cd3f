import { describe, expect, test } from 'vitest';
import type { TemplateInput } from '../generated/types.ts';
import { templateBody } from './template-input.ts';

const input = (changes: Partial<TemplateInput>): TemplateInput => ({
  id: 'welcome',
  name: 'Welcome',
  contents: [{ channel: 'IN_APP', body: 'Hello {{name}}' }],
  ...changes,
});
const content = (changes: Partial<TemplateInput['contents'][number]>): Partial<TemplateInput> => ({
  contents: [
    { channel: 'EMAIL', body: 'ok' },
    { channel: 'IN_APP', body: 'Hello', ...changes },
  ],
});

describe('templateBody', () => {
  test('keeps what is given, nulls left out', async () => {
    const body = templateBody(
      input({
        name: ' Welcome ',
        category: 'account',
        variables: { $schema: 'http://json-schema.org/draft-07/schema#', properties: { 'a.b': {} } },
        contents: [
          { channel: 'SMS', body: 'a', locale: null, title: null, html: null, url: null },
          { channel: 'EMAIL', body: 'b', locale: 'pt_BR', title: 't', html: '<p>', url: '/x' },
          { channel: 'SMS', body: 'c', locale: 'en', oversize: 'TRUNCATE', maxSegments: 2 },
          { channel: 'QQ', body: 'd', oversize: 'REFUSE', maxSegments: null },
        ],
      }),
    );
    expect(body).toEqual({
      name: 'Welcome',
      category: 'account',
      channels: ['SMS', 'EMAIL', 'QQ'],
      variables: '{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a.b":{}}}',
      contents: [
        { channel: 'SMS', body: 'a' },
        { channel: 'EMAIL', body: 'b', locale: 'pt_BR', title: 't', html: '<p>', url: '/x' },
        { channel: 'SMS', body: 'c', locale: 'en', oversize: 'TRUNCATE', maxSegments: 2 },
        { channel: 'QQ', body: 'd' },
      ],
    });
    expect(templateBody(input({ category: null, variables: null }))).toEqual({
      name: 'Welcome',
      channels: ['IN_APP'],
      contents: [{ channel: 'IN_APP', body: 'Hello {{name}}' }],
    });
  });

  test.each<[string, Partial<TemplateInput>, string, RegExp]>([
    [
      'a picture of an SMS',
      content({ channel: 'SMS', imageUrl: 'https://x.example/a.png' }),
      'input.contents.1.imageUrl',
      /no picture/,
    ],
    [
      'buttons of an e-mail',
      content({ channel: 'EMAIL', actions: [{ title: 'a', url: '/a' }] }),
      'input.contents.1.actions',
      /EMAIL has none/,
    ],
    [
      'four buttons',
      content({ channel: 'WEB_PUSH', actions: Array.from({ length: 4 }, () => ({ title: 'a', url: '/a' })) }),
      'input.contents.1.actions',
      /At most 3/,
    ],
    [
      'a button without words',
      content({ channel: 'WEB_PUSH', actions: [{ title: ' ', url: '/a' }] }),
      'input.contents.1.actions.0.title',
      /empty/,
    ],
    [
      'a button whose source cannot be read',
      content({ channel: 'WEB_PUSH', actions: [{ title: 'a', url: '{{#if}' }] }),
      'input.contents.1.actions.0.url',
      /./,
    ],
    ['an empty id', { id: '' }, 'input.id', /1 to 200 printable/],
    ['an id with a space', { id: 'a b' }, 'input.id', /without spaces/],
    ['a long id', { id: 'a'.repeat(201) }, 'input.id', /1 to 200/],
    ['a blank name', { name: '  ' }, 'input.name', /1 to 200/],
    ['a long name', { name: 'a'.repeat(201) }, 'input.name', /1 to 200/],
    ['a category with a space', { category: 'a b' }, 'input.category', /1 to 100/],
    ['variables that are no schema', { variables: { type: 'text' } }, 'input.variables', /not a JSON Schema/],
    [
      'large variables',
      { variables: { description: 'x'.repeat(65_536) } },
      'input.variables',
      /at most 64 KiB/,
    ],
    [
      'variables too deep to be serialised',
      { variables: JSON.parse(`${'{"not":'.repeat(10_000)}true${'}'.repeat(10_000)}`) },
      'input.variables',
      /64 levels/,
    ],
    ['no contents', { contents: [] }, 'input.contents', /at least one content/],
    [
      'too many contents',
      { contents: Array.from({ length: 201 }, () => ({ channel: 'SMS' as const, body: 'a' })) },
      'input.contents',
      /at most 200/,
    ],
    ['an empty body', content({ body: ' ' }), 'input.contents.1.body', /must not be empty/],
    [
      'an empty body beside an empty html',
      content({ channel: 'EMAIL', locale: 'en', body: '', html: ' ' }),
      'input.contents.1.body',
      /must not be empty/,
    ],
    ['a sample that is no object', { sample: [1] }, 'input.sample', /./],
    [
      'a sample that the variables do not allow',
      {
        variables: { type: 'object', properties: { order: { type: 'object', required: ['id'] } } },
        sample: { order: {} },
      },
      'input.sample.order.id',
      /./,
    ],
    [
      'a source that fails with the sample',
      { ...content({ body: '{{date at}}' }), sample: { at: 'some day' } },
      'input.contents.1.body',
      /cannot be rendered with the examples/,
    ],
    [
      'html that is not for e-mail',
      content({ html: '<p>' }),
      'input.contents.1.html',
      /Only EMAIL has html; IN_APP/,
    ],
    [
      'a wrong locale',
      content({ locale: 'english please' }),
      'input.contents.1.locale',
      /not a language tag/,
    ],
    ['the locale "default"', content({ locale: 'default' }), 'input.contents.1.locale', /leave it out/],
    [
      'the same channel twice',
      content({ channel: 'EMAIL' }),
      'input.contents.1',
      /Contents 0 and 1 are for the same channel and locale \(EMAIL, no locale\)/,
    ],
    [
      'the same locale written otherwise',
      {
        contents: [
          { channel: 'SMS', locale: 'en-US', body: 'a' },
          { channel: 'SMS', body: 'b' },
          { channel: 'SMS', locale: 'EN_us', body: 'c' },
        ],
      },
      'input.contents.2',
      /Contents 0 and 2/,
    ],
    [
      'segments of what has none',
      content({ oversize: 'TRUNCATE', maxSegments: 2 }),
      'input.contents.1.maxSegments',
      /IN_APP has none/,
    ],
    [
      'segments without a cut',
      content({ channel: 'SMS', maxSegments: 2 }),
      'input.contents.1.maxSegments',
      /write "oversize: TRUNCATE"/,
    ],
    [
      'more segments than are allowed',
      content({ channel: 'SMS', oversize: 'TRUNCATE', maxSegments: 11 }),
      'input.contents.1.maxSegments',
      /must be 1 to 10; it is 11/,
    ],
    [
      'a line break in a title',
      content({ title: 'Hi\r\nBcc: x@example.com' }),
      'input.contents.1.title',
      /A title is one line/,
    ],
    [
      'a look-up of a prototype',
      content({ body: '{{#each items}}\n{{this.constructor.name}}{{/each}}' }),
      'input.contents.1.body',
      /^Line 2: "constructor" is nothing that data have/,
    ],
    ['a syntax error', content({ title: 'ok', url: 'a\n{{#if x}}' }), 'input.contents.1.url', /^Line 2: /],
    [
      'an unknown helper',
      content({ title: '{{shout name}}' }),
      'input.contents.1.title',
      /no helper "shout"/,
    ],
    [
      'what fails at each send',
      content({ url: 'javascript:{{x}}' }),
      'input.contents.1.url',
      /cannot be rendered: it makes a URL that runs code/,
    ],
    [
      'what fails with the examples of its variables',
      {
        ...content({ body: '{{#each list}}{{#each @root.list}}{{n}}{{/each}}{{/each}}' }),
        variables: { examples: [{ list: Array.from({ length: 300 }, () => 1) }] },
      },
      'input.contents.1.body',
      /cannot be rendered with the examples of its variables: its loops run more than 50000 times/,
    ],
    [
      'a large body',
      content({ body: 'é'.repeat(32_769) }),
      'input.contents.1.body',
      /has 65538 bytes; at most 65536/,
    ],
    [
      'a large html',
      content({ channel: 'EMAIL', locale: 'en', html: 'x'.repeat(524_289) }),
      'input.contents.1.html',
      /at most 524288/,
    ],
    [
      'too much altogether',
      {
        contents: Array.from({ length: 9 }, (_, i) => ({
          channel: 'EMAIL' as const,
          locale: `en-${i}`,
          body: 'a',
          html: 'x'.repeat(500_000),
        })),
      },
      'input.contents',
      /All sources together/,
    ],
  ])('%s', async (_, changes, field, message) => {
    expect(() => templateBody(input(changes))).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        field,
        message: expect.stringMatching(message) as string,
      }),
    );
  });

  test('an e-mail with html may leave its body blank, and a sample is kept as it was given', async () => {
    const sample = { $ref: 1, name: 'Ann' };
    const saved = templateBody(
      input({ ...content({ channel: 'EMAIL', locale: 'en', body: '', html: '<p>{{name}}</p>' }), sample }),
    );
    expect(saved.contents[1]).toMatchObject({ body: '', html: '<p>{{name}}</p>' });
    expect(saved.sample).toBe(JSON.stringify(sample));
  });

  test('a source of the largest size passes', async () => {
    const body = 'x'.repeat(65_536);
    expect(templateBody(input(content({ body }))).contents[1]?.body).toBe(body);
  });
});
