import { describe, expect, it } from 'vitest';
import { phoneNumberOf, whatsappBody, whatsappPart } from './message-body.ts';

const TO = '+491701234567';
const part = (given: object = {}) => whatsappPart.parse(given);
const common = {
  messaging_product: 'whatsapp',
  recipient_type: 'individual',
  to: TO,
  biz_opaque_callback_data: 'd1',
};

it.each([
  ['+491701234567', true],
  ['+12', false],
  ['491701234567', false],
  ['+0491701234567', false],
  ['+49 170 1234567', false],
  ['', false],
])('%s is a number: %s', (address, expected) =>
  expect(phoneNumberOf(address)).toBe(expected ? address : undefined),
);

describe('a session message', () => {
  const message = { title: 'Paid', body: 'Order 7 is _paid_.', locale: 'en', delivery: 'd1' };

  it('has the title bold, the text and the link', () => {
    expect(whatsappBody({ ...message, url: 'https://a.example/' }, part({ replyTo: 'wamid.1' }), TO)).toEqual(
      {
        body: {
          ...common,
          context: { message_id: 'wamid.1' },
          type: 'text',
          text: { body: '*Paid*\n\nOrder 7 is _paid_.\n\nhttps://a.example/', preview_url: true },
        },
      },
    );
  });

  it.each(['5 * 3', 'two\nlines', ' space'])('leaves the title %j as it is', (title) => {
    expect(whatsappBody({ ...message, title }, part({ previewUrl: false }), TO)).toMatchObject({
      body: { text: { body: `${title}\n\nOrder 7 is _paid_.`, preview_url: false } },
    });
  });

  it('has a picture with a caption, or its link before a text that is too long for one', () => {
    const imageUrl = 'https://a.example/i.png';
    expect(whatsappBody({ ...message, imageUrl }, part(), TO)).toMatchObject({
      body: { type: 'image', image: { link: imageUrl, caption: '*Paid*\n\nOrder 7 is _paid_.' } },
    });
    const long = { body: '😀'.repeat(1_025), imageUrl, locale: 'en', delivery: 'd1' };
    expect(whatsappBody(long, part(), TO)).toMatchObject({
      body: { type: 'text', text: { body: `${imageUrl}\n\n${long.body}` } },
    });
  });

  it('takes 4096 characters and no more', () => {
    const body = '😀'.repeat(4_096);
    expect(whatsappBody({ body, locale: 'en', delivery: 'd1' }, part(), TO)).toHaveProperty(
      'body.type',
      'text',
    );
    expect(whatsappBody({ body: `${body}x`, locale: 'en', delivery: 'd1' }, part(), TO)).toMatchObject({
      wrong: { code: 'CHANNEL_MESSAGE_TOO_LARGE' },
    });
  });
});

describe('a template message', () => {
  const template = (given: object, locale = 'en') =>
    whatsappBody(
      { body: 'not sent', locale, delivery: 'd1' },
      part({ template: { name: 'order_paid', ...given } }),
      TO,
    );

  it('fills header, body and buttons', () => {
    const given = { language: 'en_US', header: { image: 'https://a.example/i.png' }, body: ['Ada', '7'] };
    expect(template({ ...given, urlButtons: ['orders/7'] })).toEqual({
      body: {
        ...common,
        type: 'template',
        template: {
          name: 'order_paid',
          language: { code: 'en_US' },
          components: [
            { type: 'header', parameters: [{ type: 'image', image: { link: 'https://a.example/i.png' } }] },
            {
              type: 'body',
              parameters: [
                { type: 'text', text: 'Ada' },
                { type: 'text', text: '7' },
              ],
            },
            {
              type: 'button',
              sub_type: 'url',
              index: '0',
              parameters: [{ type: 'text', text: 'orders/7' }],
            },
          ],
        },
      },
    });
  });

  it.each([
    [{ header: { text: 'Hi' } }, [{ type: 'header', parameters: [{ type: 'text', text: 'Hi' }] }]],
    [
      { header: { document: 'https://a.example/7.pdf', filename: '7.pdf' } },
      [
        {
          type: 'header',
          parameters: [
            { type: 'document', document: { link: 'https://a.example/7.pdf', filename: '7.pdf' } },
          ],
        },
      ],
    ],
    [
      { body: { name: 'Ada' } },
      [{ type: 'body', parameters: [{ type: 'text', parameter_name: 'name', text: 'Ada' }] }],
    ],
    [{ components: [{ type: 'body', parameters: [] }] }, [{ type: 'body', parameters: [] }]],
    [{}, undefined],
    [{ body: [] }, undefined],
  ])('%j', (given, components) => {
    const made = template(given);
    expect(made).toHaveProperty('body.template');
    expect('body' in made && (made.body.template as { components?: unknown }).components).toEqual(components);
  });

  it.each([
    ['de', 'de'],
    ['pt-BR', 'pt_BR'],
    ['zh-Hans-CN', 'zh_CN'],
  ])('is in the language of %s: %s', (locale, code) =>
    expect(template({}, locale)).toHaveProperty('body.template.language.code', code),
  );

  it.each([
    [{ template: { name: 'Order Paid' } }],
    [{ template: { name: 'x', language: 'English' } }],
    [{ template: { name: 'x', header: { image: 'ftp://x' } } }],
    [{ template: { name: 'x', body: [7] } }],
    [{ templat: {} }],
  ])('is not made of %j', (given) => expect(whatsappPart.safeParse(given).success).toBe(false));
});
