import { describe, expect, it } from 'vitest';
import { sizeOf, wecomMessage } from './message-body.ts';

const url = 'https://a.example/7';
const imageUrl = 'https://a.example/i.png';

describe('wecomMessage', () => {
  it('is plain text without link and picture', () => {
    expect(wecomMessage({ title: 'Paid', body: 'Order 7' }, 'app', undefined)).toEqual({
      msgtype: 'text',
      text: { content: 'Paid\nOrder 7' },
    });
  });

  it('is a card with a link, and text with the link for robots', () => {
    const message = { title: 'Paid', body: 'Order 7', url };
    expect(wecomMessage(message, 'app', undefined)).toEqual({
      msgtype: 'textcard',
      textcard: { title: 'Paid', description: 'Order 7', url },
    });
    expect(wecomMessage(message, 'robot', undefined)).toEqual({
      msgtype: 'text',
      text: { content: `Paid\nOrder 7\n${url}` },
    });
  });

  it('is an article with a picture', () => {
    expect(wecomMessage({ body: 'First\nsecond', imageUrl }, 'robot', undefined)).toEqual({
      msgtype: 'news',
      news: { articles: [{ title: 'First', description: 'second', url: imageUrl, picurl: imageUrl }] },
    });
  });

  it.each([
    ['the text', { title: 'Paid', body: '好'.repeat(171), url, imageUrl }],
    ['the title', { title: '好'.repeat(43), body: 'x', url }],
    ['nothing but the title', { title: 'Paid', body: '', url }],
  ])('is plain text with the link where a card would cut or lack %s', (_what, message) => {
    const content = [message.title, message.body, url].filter(Boolean).join('\n');
    expect(wecomMessage(message, 'app', undefined)).toEqual({ msgtype: 'text', text: { content } });
  });

  it('is plain text with its links where it is confidential', () => {
    const message = { title: 'Paid', body: 'Order 7', url, imageUrl };
    expect(wecomMessage(message, 'app', { confidential: true })).toEqual({
      msgtype: 'text',
      text: { content: `Paid\nOrder 7\n${url}\n${imageUrl}` },
    });
  });

  it('keeps tags and mentions from being any', () => {
    const body = '<a href="x">y</a> <@all> <B> a<b <div class="gray">';
    const made = wecomMessage({ body }, 'robot', undefined);
    expect(made).toEqual({
      msgtype: 'text',
      text: { content: '<\u200ba href="x">y<\u200b/a> <\u200b@all> <B> a<b <\u200bdiv class="gray">' },
    });
  });

  it('takes Markdown as the caller wrote it, and counts bytes', () => {
    const made = wecomMessage({ title: 'x', body: 'y', url }, 'app', { markdown: '**好**' });
    expect(made).toEqual({ msgtype: 'markdown', markdown: { content: '**好**' } });
    expect(sizeOf(made)).toBe(7);
  });
});
