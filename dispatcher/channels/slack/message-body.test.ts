import { describe, expect, it } from 'vitest';
import { escapeMrkdwn, pieces, slackBody, slackPart } from './message-body.ts';

const part = (given: object = {}) => slackPart.parse(given);
const blocksOf = (made: ReturnType<typeof slackBody>): unknown => ('body' in made ? made.body.blocks : made);

describe('slackBody', () => {
  it('makes a header, the text, the picture and the link', () => {
    const message = {
      title: 'Paid <b>',
      body: 'Order <!channel> & see https://a.example/?a=1&b=2.',
      url: 'https://a.example/x|y?c&d',
      imageUrl: 'https://a.example/i.png',
    };
    expect(slackBody(message, part())).toEqual({
      body: {
        text: 'Paid &lt;b&gt;\nOrder &lt;!channel&gt; &amp; see https://a.example/?a=1&amp;b=2.',
        blocks: [
          { type: 'header', text: { type: 'plain_text', text: 'Paid <b>' } },
          {
            type: 'section',
            text: {
              type: 'mrkdwn',
              text: 'Order &lt;!channel&gt; &amp; see <https://a.example/?a=1&amp;b=2>.',
              verbatim: true,
            },
          },
          { type: 'image', image_url: 'https://a.example/i.png', alt_text: 'Paid <b>' },
          { type: 'section', text: { type: 'mrkdwn', text: '<https://a.example/x%7Cy?c&amp;d>' } },
        ],
      },
    });
    expect(JSON.stringify(slackBody(message, part(), false))).not.toContain('i.png');
  });

  it('leaves mrkdwn as it is where the sender writes it', () => {
    expect(blocksOf(slackBody({ body: '*paid* <@U1>' }, part({ format: 'mrkdwn' })))).toEqual([
      { type: 'section', text: { type: 'mrkdwn', text: '*paid* <@U1>' } },
    ]);
  });

  it('takes blocks of the sender, a thread and unfurling', () => {
    const given = part({ blocks: [{ type: 'divider' }], threadTs: '1503435956.000247', unfurl: false });
    expect(slackBody({ title: 'T', body: 'B' }, given)).toEqual({
      body: {
        text: 'T\nB',
        blocks: [{ type: 'divider' }],
        thread_ts: '1503435956.000247',
        unfurl_links: false,
        unfurl_media: false,
      },
    });
  });

  it('has no header longer than Slack takes', () => {
    expect(blocksOf(slackBody({ title: 't'.repeat(151), body: 'b' }, part()))).toMatchObject([
      { type: 'section', text: { type: 'plain_text', text: 't'.repeat(151) } },
      { type: 'section' },
    ]);
  });

  it('takes a body of 12,000 characters and no more', () => {
    const blocks = blocksOf(slackBody({ body: '&'.repeat(12_000) }, part()));
    expect(blocks).toHaveLength(20);
    expect(slackBody({ body: 'x'.repeat(12_001) }, part())).toMatchObject({
      wrong: { code: 'CHANNEL_MESSAGE_TOO_LARGE' },
    });
  });

  it.each([[{ blocks: [] }], [{ blocks: ['x'] }], [{ threadTs: 'now' }], [{ tread: 1 }]])(
    'takes no %j',
    (given) => expect(slackPart.safeParse(given).success).toBe(false),
  );
});

describe('pieces', () => {
  it.each([
    ['', []],
    ['short', ['short']],
    ['aaaaaa bbbbbb', ['aaaaaa', 'bbbbbb']],
    ['aaaaaa\nbb bbbb', ['aaaaaa', 'bb bbbb']],
    ['aaaaaaaaaaaaaaa', ['aaaaaaaaaa', 'aaaaa']],
    ['aaaaaaa&amp;b', ['aaaaaaa', '&amp;b']],
    ['aaaaaaaaa😀b', ['aaaaaaaaa', '😀b']],
    ['aaa<http:a>bbb', ['aaa', '<http:a>bb', 'b']],
  ])('cuts %j', (text, expected) => expect(pieces(text, 10)).toEqual(expected));

  it('loses nothing but the spaces it cuts at', () => {
    const text = Array.from({ length: 500 }, (_, i) => `word${i} &lt;`).join(' \n');
    const made = pieces(text, 100);
    expect(made.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
    for (const piece of made) expect(piece.length).toBeLessThanOrEqual(100);
  });
});

it('escapes the three characters of Slack', () => {
  expect(escapeMrkdwn('&lt; <@U1> "x"')).toBe('&amp;lt; &lt;@U1&gt; "x"');
});
