import { describe, expect, it } from 'vitest';
import { compileBodyTemplate, MAX_LOOP_ITERATIONS, MAX_OUTPUT_CHARS } from './body-template.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

async function render(source: string, variables: Record<string, unknown> = {}, contentType = 'text/plain') {
  return (await compileBodyTemplate(source))(variables, contentType);
}

describe('what is inserted', () => {
  const evil = '","admin":true,"x":"\n\\ <b>&amp; 😀';

  it('cannot leave a string of JSON', async () => {
    const text = await render('{"text": "{{body}}"}', { body: evil }, JSON_TYPE);
    expect(JSON.parse(text)).toEqual({ text: evil });
  });

  it('is a value of JSON by the json helper', async () => {
    const source = '{"a": {{json body}}, "b": {{json data}}, "c": {{json missing}}, "d": {{json data.n}} }';
    const text = await render(source, { body: evil, data: { n: 7 } }, 'application/vnd.api+json');
    expect(JSON.parse(text)).toEqual({ a: evil, b: { n: 7 }, c: null, d: 7 });
  });

  it.each([
    ['text/plain', evil],
    ['', evil],
    ['application/x-www-form-urlencoded', encodeURIComponent(evil)],
    [
      'text/html; charset=utf-8',
      '&quot;,&quot;admin&quot;:true,&quot;x&quot;:&quot;\n\\ &lt;b&gt;&amp;amp; 😀',
    ],
    ['application/soap+xml', '&quot;,&quot;admin&quot;:true,&quot;x&quot;:&quot;\n\\ &lt;b&gt;&amp;amp; 😀'],
  ])('is escaped for %s', async (contentType, expected) => {
    expect(await render('{{body}}', { body: evil }, contentType)).toBe(expected);
  });

  it('is escaped where json is not the language of the body, too', async () => {
    expect(await render('a={{json data}}', { data: { b: '&' } }, 'application/x-www-form-urlencoded')).toBe(
      'a=%7B%22b%22%3A%22%26%22%7D',
    );
  });

  it('is as it is in three braces', async () => {
    expect(await render('{{{body}}}{{&body}}', { body: '<&>' }, 'text/xml')).toBe('<&><&>');
  });

  it('takes lone surrogates in a form', async () => {
    expect(await render('{{body}}', { body: '\ud800' }, 'application/x-www-form-urlencoded')).toBe(
      '%EF%BF%BD',
    );
  });

  it.each([
    [undefined, ''],
    [null, ''],
    [0, '0'],
    [false, 'false'],
    [{ a: 1 }, '{"a":1}'],
    [[1, 2], '[1,2]'],
  ])('%j is %j', async (value, expected) => expect(await render('{{value}}', { value })).toBe(expected));
});

it('knows the helpers of Handlebars', async () => {
  const source =
    '{{#if title}}{{title}}{{else if body}}{{body}}{{else}}-{{/if}}|{{#unless title}}none{{/unless}}|{{#each data.items as |item|}}{{@index}}{{item.name}}{{../body}} {{/each}}|{{#with data}}{{lookup items 1}}{{/with}}|{{^title}}no{{/title}}';
  const variables = { body: 'B', data: { items: [{ name: 'x' }, { name: 'y' }] } };
  expect(await render(source, variables)).toBe('B|none|0xB 1yB |{"name":"y"}|no');
});

describe('a template is refused', () => {
  it.each([
    '{{#if x}}',
    '{{> partial}}',
    '{{#> layout}}x{{/layout}}',
    '{{* decorator}}',
    '{{#*inline "x"}}y{{/inline}}',
    '{{log "x"}}',
    '{{unknown 1}}',
    '{{#if x}}{{> partial}}{{/if}}',
  ])('%s', async (source) => {
    await expect(compileBodyTemplate(source)).rejects.toThrow();
  });
});

describe('a rendering', () => {
  it.each([
    '{{constructor}}',
    '{{body.constructor}}',
    '{{__proto__}}',
    '{{data.__proto__.polluted}}',
    '{{lookup data "constructor"}}',
    '{{lookup body "toString"}}',
    '{{#with constructor}}x{{/with}}',
    '{{#with "s" as |string|}}{{string.sub.constructor}}{{/with}}',
  ])('does not reach prototypes: %s', async (source) => {
    expect(await render(source, { body: 'text', data: {} })).toBe('');
  });

  it('says that it is no JSON', async () => {
    await expect(render('{"n": {{data.n}} }', { data: {} }, JSON_TYPE)).rejects.toThrow('no JSON');
    expect(await render('{"n": {{data.n}} }', { data: { n: 7 } }, JSON_TYPE)).toBe('{"n": 7 }');
  });

  it.each([
    ['{{{body}}}', { body: 'x'.repeat(MAX_OUTPUT_CHARS + 1) }],
    ['{{{body}}}{{{body}}}', { body: 'x'.repeat(MAX_OUTPUT_CHARS / 2 + 1) }],
    ['{{body}}', { body: 'ä'.repeat(MAX_OUTPUT_CHARS / 2) }, 'application/x-www-form-urlencoded'],
    [`{{#each items}}${'x'.repeat(1_000)}{{/each}}`, { items: Array.from({ length: 300 }) }],
    [
      '{{#each items}}{{#each ../items}}{{#each ../items}}{{/each}}{{/each}}{{/each}}',
      { items: Array.from({ length: 100 }, () => 1) },
    ],
    ['{{#items}}x{{/items}}', { items: Array.from({ length: MAX_LOOP_ITERATIONS + 1 }, () => 1) }],
  ])('is bounded: %.60s', async (source, variables, contentType?: string) => {
    await expect(render(source, variables, contentType)).rejects.toThrow(/too much text|loops run more than/);
  });

  it('is bounded anew each time', async () => {
    const template = await compileBodyTemplate('{{{body}}}');
    const body = 'x'.repeat(MAX_OUTPUT_CHARS);
    for (let i = 0; i < 3; i++) expect(template({ body }, 'text/plain')).toBe(body);
  });
});
