import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileForPublish } from '../compile-for-publish.ts';
import { compileSource } from '../compile-source.ts';
import { compileHtml } from './compile-html.ts';
import { plainTwin } from './plain-twin.ts';
import { protectExpressions } from './protect-expressions.ts';

const htmlOf = async (source: string, partials = {}): Promise<string> => {
  const made = await compileHtml(source, partials);
  if ('problem' in made) throw new Error(made.problem);
  return made.html;
};
const render = (html: string, variables: Record<string, unknown>, partials = {}) =>
  compileSource('html', html, partials)(variables);

describe('expressions', () => {
  test.each([
    ['a {{b}} c {{{d}}} {{~e~}} \\{{f}} {{&g}}'],
    ['{{link url "}}<a>"}} {{lookup a \'"}}\'}} {{[a}}b]}}'],
    ['{{#if a}}x{{else if b}}y{{^}}z{{/if}}{{> p x=1}}{{#> l}}{{/l}}'],
    ['{{{{if a}}}} {{raw}} {{{{/if}}}}'],
    ['hbx hb1x HB2X {{a}}'],
    ['<p {{a}}="">{{a}}="" {{b}}</p>'],
  ])('%s comes back as it was', (source) => {
    const { text, restore, lostIn } = protectExpressions(source);
    expect(text).not.toMatch(/\{\{/);
    expect(restore(text)).toBe(source);
    expect(lostIn(text)).toEqual([]);
  });

  test('comments go, even with braces and quotation marks in them', () => {
    expect(protectExpressions(`a{{!-- don't {{x}} --}}b{{! it's }}c`).text).toBe('abc');
  });

  test('any text around them comes back too', () => {
    const words = fc.string().map((text) => text.replace(/[{}\\]/g, ''));
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.constantFrom('{{a}}', '{{{b}}}', '{{#if "}}"}}'))), (parts) => {
        const source = parts.join('');
        const { text, restore } = protectExpressions(source);
        expect(restore(text)).toBe(source);
      }),
    );
  });
});

describe('MJML', () => {
  const source = `<mjml>
  <mj-head><mj-title>{{title}}</mj-title><mj-preview>{{preview}}</mj-preview>
    <mj-style inline="inline">.x { color: {{brand}} }</mj-style>
    <mj-style>@media (max-width: 400px) { .y { color: {{brand}} } }</mj-style></mj-head>
  <mj-body>
    {{#if vip}}
    <mj-section background-color="{{brand}}"><mj-column><mj-text css-class="x">Dear {{name}}</mj-text></mj-column></mj-section>
    {{else}}
    <mj-section><mj-column><mj-text>Hello {{name}}</mj-text></mj-column></mj-section>
    {{/if}}
    <mj-section>
      {{#each items}}<mj-column><mj-text>{{this}}</mj-text></mj-column>{{/each}}
    </mj-section>
    <mj-raw><table>{{#each items}}<tr><td {{#if @first}}class="first"{{/if}}>{{this}}</td></tr>{{/each}}</table></mj-raw>
    <mj-section><mj-column><mj-button href="https://a.example/{{link.id}}?a=1&amp;b={{lookup link "b"}}">Go</mj-button>
      <mj-table><tr><td>{{{raw}}}</td></tr></mj-table></mj-column></mj-section>
  </mj-body>
</mjml>`;
  const variables = {
    title: 'T',
    preview: 'P',
    brand: '#c00',
    name: '<Ann>',
    vip: true,
    items: ['one', 'two'],
    link: { id: 7, b: 'x' },
    raw: '<b>bold</b>',
  };

  test('becomes HTML with its expressions where they were', async () => {
    const html = await htmlOf(source);
    expect(html).toMatch(/^<!doctype html>/i);
    expect(html).not.toMatch(/<mj/);
    const made = render(html, variables);
    expect(made).toContain('Dear &lt;Ann&gt;');
    expect(made).not.toContain('Hello');
    expect(made).toContain('background:#c00');
    expect(made).toContain('color: #c00');
    expect(made).toMatch(/<td\s+class="first"\s*>one<\/td>[\s\S]*<td\s*>two<\/td>/);
    expect(made.match(/>one</g)).toHaveLength(2);
    expect(made).toContain('href="https://a.example/7?a=1&amp;b=x"');
    expect(made).toContain('<b>bold</b>');
    expect(made).not.toMatch(/fonts\.googleapis|\{\{|hbx/);
    const other = render(html, { ...variables, vip: false });
    expect(other).toContain('Hello &lt;Ann&gt;');
    expect(other).not.toContain('Dear');
  });

  test('partials of MJML are written out, those of HTML are called', async () => {
    const partials = {
      page: '<mjml><mj-body>{{> head}}{{> @partial-block}}<mj-section><mj-column><mj-text>{{> legal}}</mj-text></mj-column></mj-section></mj-body></mjml>',
      head: '<mj-section><mj-column><mj-text>Head {{name}}</mj-text></mj-column></mj-section>',
      legal: '<small>{{company}}</small>',
    };
    const html = await htmlOf(
      '{{#> page}}<mj-section><mj-column><mj-text>Body</mj-text></mj-column></mj-section>{{/page}}',
      partials,
    );
    expect(render(html, { name: 'A', company: 'B' }, partials)).toMatch(
      /Head A[\s\S]*Body[\s\S]*<small>B<\/small>/,
    );
    expect(await compileHtml('<mjml><mj-body>{{> head x=1}}</mj-body></mjml>', partials)).toEqual({
      problem: 'The partial "head" has tags of MJML and takes no parameter ("x=1").',
    });
  });

  test.each([
    ['<mjml><mj-body><mj-txt>x</mj-txt></mj-body></mjml>', /Line 1 of the MJML \(mj-txt\)/],
    [
      '<mjml><mj-body><mj-section padding="{{p}}"></mj-section></mj-body></mjml>',
      /lengths are computed .*\{\{p\}\}/,
    ],
    ['<mjml><mj-body><mj-include path="/etc/passwd"/></mj-body></mjml>', /mj-include reads files/],
    [
      '<mjml><mj-body><mj-section><mj-column><mj-social>{{x}}</mj-social>{{y}}</mj-column></mj-section></mj-body></mjml>',
      undefined,
    ],
  ])('%s', async (mjml, problem) => {
    const made = await compileHtml(mjml, {});
    if (problem) expect(made).toEqual({ problem: expect.stringMatching(problem) as string });
    else expect(made).toHaveProperty('html');
  });
});

describe('HTML', () => {
  test('without a style is left as it is', async () => {
    const source = '<p CLASS=x>{{a}}<br>&nbsp;</p>';
    expect(await htmlOf(source)).toBe(source);
  });

  test('CSS goes into the tags, media queries stay, expressions live', async () => {
    const html = await htmlOf(`<html><head><style>
      p, td { color: {{brand}}; }
      @media (max-width: 400px) { p { color: black } } a:hover { color: red }
      </style></head><body><p {{#if big}}data-big="1"{{/if}}>&copy; {{name}} &lt;</p>
      <table>{{#each rows}}<tr><td>{{this}}</td></tr>{{/each}}</table>
      <!--[if mso]><i>{{name}}</i><![endif]--><a href="{{url}}?a=1&amp;b=2">x</a></body></html>`);
    const made = render(html, { brand: 'red', name: 'A&B', rows: [1, 2], url: '/u', big: true });
    expect(made).toMatch(/<p data-big="1"\s+style="color: red;">(?:&copy;|©) A&amp;B &lt;<\/p>/);
    expect(made).toMatch(/<table>\s*<tr><td style="color: red;">1<\/td><\/tr><tr><td style="color: red;">2/);
    expect(made).toMatch(/@media \(max-width: 400px\)/);
    expect(made).toContain('a:hover');
    expect(made).toContain('<!--[if mso]><i>A&amp;B</i><![endif]-->');
    expect(made).toContain('href="/u?a=1&amp;b=2"');
  });

  test('a block around rules is refused', async () => {
    expect(await compileHtml('<style>{{#if a}}p { color: red }{{/if}}</style><p>x</p>', {})).toEqual({
      problem: expect.stringMatching(
        /\{\{#if a\}\} is in CSS, where an expression can be a plain variable only/,
      ) as string,
    });
  });
});

test('the text of an html', async () => {
  const text = plainTwin(
    '<h1>Hi {{name}}</h1><p>Order <a href="https://a.example/{{id}}">{{id}}</a></p><ul>{{#each items}}<li>{{this}}</li>{{/each}}</ul><img src="x">',
  );
  const made = compileSource('body', text)({ name: '<A>', id: 7, items: ['x', 'y'] });
  expect(made).toMatch(/^Hi <A>\n\nOrder 7 \[https:\/\/a\.example\/7\]\n/);
  expect(made).toMatch(/\* x[\s\S]*\* y/);
});

test('a draft is compiled as a whole, or not at all', async () => {
  const mail = {
    channel: 'EMAIL',
    title: 'T',
    body: ' ',
    html: '<style>b{color:red}</style><b>{{a}}</b>',
  } as const;
  const sms = { channel: 'SMS', body: 'x' } as const;
  expect(await compileForPublish([mail, sms, { ...mail, body: 'own' }])).toEqual({
    contents: [
      {
        ...mail,
        body: '{{a}}',
        html: expect.stringMatching(/<b style="color: red;">\{\{a\}\}<\/b>$/) as string,
      },
      sms,
      { ...mail, body: 'own', html: expect.stringContaining('style=') as string },
    ],
    problems: [],
  });
  const wrong = { ...mail, html: '<mjml><mj-body><mj-x/></mj-body></mjml>' } as const;
  expect(await compileForPublish([mail, wrong])).toEqual({
    contents: [mail, wrong],
    problems: [{ field: 'contents.1.html', message: expect.stringContaining('mj-x') as string }],
  });
});

test('CSS for nothing that takes an expression with it is told', async () => {
  expect(await compileHtml('<style>#a { color: {{brand}} }</style><p>x</p>', {})).toEqual({
    problem: expect.stringMatching(/^\{\{@root\.brand\}\} got lost .* CSS that applies to nothing/) as string,
  });
});
