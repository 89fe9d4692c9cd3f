import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dingtalkPart } from '../../../../dispatcher/channels/dingtalk/message-body.ts';
import { slackPart } from '../../../../dispatcher/channels/slack/message-body.ts';
import { telegramPart } from '../../../../dispatcher/channels/telegram/message-request.ts';
import { wecomPart } from '../../../../dispatcher/channels/wecom/message-body.ts';
import { compileMarkdown } from '../compile-source.ts';
import { compileTemplate } from '../compile-template.ts';
import { markdownTo } from './markdown-to.ts';
import { type Block, type Inline, parseMarkdown } from './parse-markdown.ts';

const made = (
  channel: Parameters<typeof markdownTo>[0],
  source: string,
  variables: Record<string, unknown> = {},
  around = {},
) => markdownTo(channel, compileMarkdown(source)(variables), around);
const dataOf = (value: { data?: unknown }): unknown => value.data;

const SOURCE = `# Order {{id}}

Dear **{{name}}**, it is *paid* ~~open~~: \`{{code}}\`
[See it](https://a.example/{{id}}?a=1&b=2)

1. one
2. two
   - deep

> quoted

\`\`\`
a < b
\`\`\`
---`;
const variables = { id: 7, name: 'Ann <b>*x*</b>', code: '`c`' };

describe('one body', () => {
  test('as text', () => {
    expect(made('SMS', SOURCE, variables)).toEqual({
      body: 'Order 7\n\nDear Ann <b>*x*</b>, it is paid open: `c`\nSee it (https://a.example/7?a=1&b=2)\n\n1. one\n2. two\n   - deep\n\n> quoted\n\na < b\n\n---',
      plain: expect.stringContaining('Order 7') as string,
    });
  });

  test('as html of an e-mail', () => {
    expect(made('EMAIL', SOURCE, variables).html).toBe(
      `<h1>Order 7</h1>
<p>Dear <strong>Ann &lt;b&gt;*x*&lt;/b&gt;</strong>, it is <em>paid</em> <s>open</s>: <code>&#x60;c&#x60;</code><br>
<a href="https://a.example/7?a&#x3D;1&amp;b&#x3D;2">See it</a></p>
<ol>
<li><p>one</p></li>
<li><p>two</p>
<ul>
<li><p>deep</p></li>
</ul></li>
</ol>
<blockquote>
<p>quoted</p>
</blockquote>
<pre><code>a &lt; b</code></pre>
<hr>`,
    );
  });

  test('as Telegram’s HTML', () => {
    const { body, data } = made('TELEGRAM', SOURCE, variables);
    expect(data).toEqual({ telegram: { format: 'HTML' } });
    expect(body).toMatch(
      /^<b>Order 7<\/b>\n\nDear <b>Ann &lt;b&gt;\*x\*&lt;\/b&gt;<\/b>, it is <i>paid<\/i> <s>open<\/s>: <code>/,
    );
    expect(body).toContain('<blockquote>quoted</blockquote>\n\n<pre>a &lt; b</pre>');
  });

  test('as DingTalk’s and WeCom’s Markdown, with title and link', () => {
    const around = { title: 'T*', url: 'https://a.example/(x)' };
    expect(dataOf(made('DINGTALK', '**{{n}}** x', { n: '*' }, around))).toEqual({
      dingtalk: {
        markdown: '#### T\\*\n\n**\\*** x\n\n[https://a.example/(x)](https://a.example/%28x%29)',
      },
    });
    expect(dataOf(made('WECOM', '**{{n}}** x', { n: '**' }, around))).toEqual({
      wecom: {
        markdown:
          '#### T*\u200b\n\n***\u200b*\u200b** x\n\n[https://a.example/(x)](https://a.example/%28x%29)',
      },
    });
  });

  test('as Slack’s blocks', () => {
    const slack = made('SLACK', SOURCE, variables, { title: 'T', url: '/orders/7' });
    expect(slack.body).toContain('Order 7');
    expect(slack.data).toEqual({
      slack: {
        blocks: [
          { type: 'header', text: { type: 'plain_text', text: 'T' } },
          { type: 'rich_text', elements: expect.anything() as unknown },
        ],
      },
    });
    const written = JSON.stringify(slack.data);
    expect(written).toContain('{"type":"text","text":"Ann <b>*x*</b>","style":{"bold":true}}');
    expect(written).toContain('{"type":"link","url":"https://a.example/7?a=1&b=2","text":"See it"}');
    expect(written).toContain('"style":"ordered","indent":0,"offset":1');
    expect(written).toContain('"style":"bullet","indent":1');
    expect(written).toContain(
      '{"type":"rich_text_preformatted","elements":[{"type":"text","text":"a < b"}]}',
    );
    expect(written).toContain('{"type":"text","text":"/orders/7"}');
  });

  test.each([
    ['SLACK', slackPart],
    ['TELEGRAM', telegramPart],
    ['DINGTALK', dingtalkPart],
    ['WECOM', wecomPart],
  ] as const)('what %s gets is what its provider takes', (channel, part) => {
    const { data = {} } = made(channel, SOURCE, variables, { title: 'T', url: '/x' });
    const given = data[channel.toLowerCase()];
    expect(part.parse(given)).toMatchObject(given as object);
  });

  test('what is inserted by three braces is Markdown', () => {
    expect(made('EMAIL', '{{{a}}} {{a}}', { a: '**x**' }).html).toBe('<p><strong>x</strong> **x**</p>');
  });

  test('links that run code are their text, also where a value makes them', () => {
    for (const url of ['javascript:alert(1)', 'data:text/html,x', '//evil.example', 'java\nscript:x'])
      expect(made('EMAIL', '[a]({{u}}) [b](<{{u}}>)', { u: url }).html).not.toMatch(/<a/);
    expect(made('EMAIL', '[a](javascript:alert)').html).toBe('<p>a</p>');
    expect(made('EMAIL', '{{link u "x*"}}', { u: 'https://a.example/?a)b>c' }).html).toBe(
      '<p><a href="https://a.example/?a)b&gt;c">x*</a></p>',
    );
  });
});

describe('values are never markup', () => {
  const piece = fc.constantFrom(
    ...[
      '*',
      '**',
      '_',
      '`',
      '```',
      '~~',
      '[',
      '](',
      ')',
      '(https://x.example)',
      '<',
      '>',
      '<b>',
      '</a>',
      '<@all>',
    ],
    ...[
      '#',
      '# ',
      '- ',
      '1. ',
      '> ',
      '---',
      '|',
      '\\',
      '&amp;',
      '&',
      '!',
      '\n',
      '\n\n',
      ' ',
      'a',
      '\ue000',
      '\ue0000\ue001',
    ],
  );
  const value = fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => `x${pieces.join('')}x`);
  const many = { numRuns: 500 };
  const inSource = (text: string) => compileMarkdown('{{v}}')({ v: text });

  /** All text of a tree; `undefined` where there is anything but text. */
  const textIn = (blocks: readonly Block[]): string | undefined =>
    blocks.every(({ kind }) => kind === 'paragraph')
      ? blocks
          .flatMap((block): readonly Inline[] => ('children' in block ? block.children : []))
          .map((span) => (span.kind === 'text' ? span.text : span.kind === 'break' ? '\n' : '\u0000'))
          .join('')
      : undefined;
  const squeezed = (text: string | undefined) => text?.replace(/\s+/g, '');

  test('in the tree', () => {
    fc.assert(
      fc.property(value, (text) => {
        const blocks = parseMarkdown(inSource(text));
        expect(blocks).toHaveLength(1);
        expect(squeezed(textIn(blocks))).toBe(squeezed(text));
      }),
      many,
    );
  });

  test('in html and in Telegram’s', () => {
    fc.assert(
      fc.property(value, fc.constantFrom('EMAIL', 'TELEGRAM'), (text, channel) => {
        const { body, html } = markdownTo(channel as 'EMAIL', inSource(text));
        const written = (channel === 'EMAIL' ? html : body) ?? '';
        expect(written.replace(/<\/?p>|<br>/g, '')).not.toMatch(/[<>]/);
      }),
      many,
    );
  });

  test('in DingTalk’s Markdown, read by CommonMark', () => {
    fc.assert(
      fc.property(value, (text) => {
        const { data } = markdownTo('DINGTALK', inSource(text));
        const { markdown } = (data as { dingtalk: { markdown: string } }).dingtalk;
        expect(squeezed(textIn(parseMarkdown({ markdown, values: [] })))).toBe(
          squeezed(text.replace(/\ue000(\d+)\ue001/g, '')),
        );
      }),
      many,
    );
  });

  test('in WeCom’s', () => {
    fc.assert(
      fc.property(value, (text) => {
        const { data } = markdownTo('WECOM', inSource(text));
        const { markdown } = (data as { wecom: { markdown: string } }).wecom;
        expect(markdown).not.toMatch(/\*\*|`|\]\(|<[@a-z/]|^\s*[#>]/im);
      }),
      many,
    );
  });

  test('in Slack’s blocks', () => {
    fc.assert(
      fc.property(value, (text) => {
        const { data } = markdownTo('SLACK', inSource(text));
        const { blocks } = (
          data as {
            slack: {
              blocks: { elements: { elements: { type: string; text: string; style?: unknown }[] }[] }[];
            };
          }
        ).slack;
        const spans = blocks.flatMap((block) => block.elements.flatMap(({ elements }) => elements));
        expect(spans.every(({ type, style }) => type === 'text' && style === undefined)).toBe(true);
        expect(squeezed(spans.map((span) => span.text).join(''))).toBe(squeezed(text));
      }),
      many,
    );
  });
});

test('a template’s content, whole and cut', () => {
  const content = { channel: 'TELEGRAM', title: 'T', body: '**{{text}}**', format: 'MARKDOWN' } as const;
  const template = (oversize?: 'TRUNCATE') =>
    compileTemplate('m', 1, {
      name: 'M',
      channels: ['TELEGRAM'],
      contents: [{ ...content, ...(oversize && { oversize }) }],
    });
  expect(template().render('TELEGRAM', undefined, { text: '<a>' })).toEqual({
    channel: 'TELEGRAM',
    locale: 'default',
    title: 'T',
    body: '<b>&lt;a&gt;</b>',
    data: { telegram: { format: 'HTML' } },
  });
  const cut = template('TRUNCATE').render('TELEGRAM', undefined, { text: '<'.repeat(5_000) });
  expect(cut.body).toBe(`${'<'.repeat(4_093)}…`);
  expect(cut.data).toBeUndefined();
});
