import { describe, expect, it } from 'vitest';
import { chatIdOf, escapeHtml, escapeMarkdownV2, telegramCall, telegramPart } from './message-request.ts';

const message = { title: 'Paid & done', body: 'Order <7> is *paid*.', priority: 'MEDIUM' } as const;
const part = (given: object = {}) => telegramPart.parse(given);

describe('chatIdOf', () => {
  it.each([
    ['4711', 4711],
    ['-1001234567890', -1001234567890],
    ['@herald_news', '@herald_news'],
    ['@abc', undefined],
    ['@1abcd', undefined],
    ['herald', undefined],
    ['0', undefined],
    ['12345678901234567890', undefined],
    ['9999999999999999', undefined],
    ['47 11', undefined],
    ['', undefined],
  ])('%s → %s', (address, expected) => expect(chatIdOf(address)).toBe(expected));
});

describe('telegramCall', () => {
  it('escapes title and body, the title bold', () => {
    expect(telegramCall(message, part(), 4711)).toEqual({
      method: 'sendMessage',
      body: {
        chat_id: 4711,
        parse_mode: 'HTML',
        text: '<b>Paid &amp; done</b>\n\nOrder &lt;7&gt; is *paid*.',
      },
    });
  });

  it('leaves a body in the markup that the sender names, and escapes the title for it', () => {
    expect(
      telegramCall(
        { ...message, body: 'is *paid*', url: 'https://a.example/x_y' },
        part({ format: 'MarkdownV2' }),
        1,
      ),
    ).toMatchObject({
      body: { parse_mode: 'MarkdownV2', text: '*Paid & done*\n\nis *paid*\n\nhttps://a\\.example/x\\_y' },
    });
    expect(telegramCall({ ...message, body: '<i>paid</i>' }, part({ format: 'HTML' }), 1)).toMatchObject({
      body: { parse_mode: 'HTML', text: '<b>Paid &amp; done</b>\n\n<i>paid</i>' },
    });
  });

  it('sends a picture with a caption, or as the preview of a text that is too long for one', () => {
    const withImage = { ...message, imageUrl: 'https://a.example/i.png' };
    expect(telegramCall(withImage, part(), 1)).toMatchObject({
      method: 'sendPhoto',
      body: { photo: 'https://a.example/i.png', caption: expect.stringContaining('Paid') },
    });
    const preview = { url: 'https://a.example/i.png', prefer_large_media: true, show_above_text: true };
    for (const call of [
      telegramCall({ ...withImage, body: 'x'.repeat(1_024) }, part(), 1),
      telegramCall(withImage, part(), 1, false),
    ])
      expect(call).toMatchObject({ method: 'sendMessage', body: { link_preview_options: preview } });
  });

  it('says what besides is asked for', () => {
    const asked = part({
      buttons: [
        [{ text: 'Open', url: 'https://a.example/' }],
        [
          { text: 'Yes', callbackData: 'yes' },
          { text: 'No', callbackData: 'no' },
        ],
      ],
      silent: true,
      protectContent: true,
      threadId: 7,
      linkPreview: false,
    });
    expect(telegramCall(message, asked, 1)).toMatchObject({
      body: {
        reply_markup: {
          inline_keyboard: [
            [{ text: 'Open', url: 'https://a.example/' }],
            [
              { text: 'Yes', callback_data: 'yes' },
              { text: 'No', callback_data: 'no' },
            ],
          ],
        },
        disable_notification: true,
        protect_content: true,
        message_thread_id: 7,
        link_preview_options: { is_disabled: true },
      },
    });
  });

  it.each([
    ['LOW', undefined, true],
    ['LOW', false, undefined],
    ['HIGH', undefined, undefined],
    ['HIGH', true, true],
  ] as const)('priority %s, silent %s: without a sound %s', (priority, silent, expected) => {
    const call = telegramCall({ ...message, priority }, part(silent === undefined ? {} : { silent }), 1);
    expect('body' in call && call.body.disable_notification).toBe(expected);
  });

  it('counts characters as they are shown, and takes 4096', () => {
    const untitled = { body: '&😀'.repeat(2_048), priority: 'LOW' } as const;
    expect(telegramCall(untitled, part(), 1)).toHaveProperty('method', 'sendMessage');
    expect(telegramCall({ ...untitled, body: `${untitled.body}x` }, part(), 1)).toMatchObject({
      wrong: { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' },
    });
    const markup = { ...untitled, body: '<b>x</b>'.repeat(4_096) };
    expect(telegramCall(markup, part({ format: 'HTML' }), 1)).toHaveProperty('method', 'sendMessage');
  });

  it.each([
    [{ buttons: [[{ text: 'x' }]] }],
    [{ buttons: [[{ text: 'x', url: 'javascript:alert(1)' }]] }],
    [{ buttons: [[{ text: 'x', callbackData: 'é'.repeat(33) }]] }],
    [{ format: 'Markdown' }],
    [{ silnet: true }],
  ])('takes no %j', (given) => expect(telegramPart.safeParse(given).success).toBe(false));
});

it('escapes what Telegram reads as markup', () => {
  expect(escapeHtml('a<b>&amp;"')).toBe('a&lt;b&gt;&amp;amp;"');
  // The list of https://core.telegram.org/bots/api#markdownv2-style, and the backslash itself.
  const all = '_*[]()~`>#+-=|{}.!\\';
  expect(escapeMarkdownV2(`a${all}`)).toBe(`a${[...all].map((char) => `\\${char}`).join('')}`);
});
