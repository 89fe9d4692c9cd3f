import { describe, expect, it } from 'vitest';
import { dingtalkMessage } from './message-body.ts';

describe('dingtalkMessage', () => {
  it.each([
    ['title and body', { title: 'Paid', body: 'Order *7*' }, 'Paid\nOrder *7*'],
    ['a body alone', { body: 'Order' }, 'Order'],
    ['an empty body', { title: 'Paid', body: '' }, 'Paid'],
  ])('makes plain text of %s', (_what, message, content) => {
    expect(dingtalkMessage(message, undefined)).toEqual({ msgtype: 'text', text: { content } });
  });

  it('makes escaped Markdown of links and images', () => {
    const message = {
      title: '5 * 4',
      body: '[not a link](x)\nsecond',
      url: 'https://a.example/?q=(1)',
      imageUrl: 'https://a.example/i.png',
    };
    expect(dingtalkMessage(message, undefined)).toEqual({
      msgtype: 'markdown',
      markdown: {
        title: '5 * 4',
        text:
          '#### 5 \\* 4\n\n\\[not a link\\](x)  \nsecond\n\n![](https://a.example/i.png)\n\n' +
          '[https://a.example/?q=(1)](https://a.example/?q=%281%29)',
      },
    });
  });

  it('takes Markdown as the caller wrote it, with a title that the list can show', () => {
    const body = `${'👩‍👩‍👧'.repeat(40)}\nmore`;
    const made = dingtalkMessage({ body, url: 'https://a.example/' }, { markdown: '**mine**' });
    expect(made).toMatchObject({ msgtype: 'markdown', markdown: { text: '**mine**' } });
    const title = made.msgtype === 'markdown' ? made.markdown.title : '';
    expect([...title]).toHaveLength(60);
    expect(title).toMatch(/…$/);
  });
});
