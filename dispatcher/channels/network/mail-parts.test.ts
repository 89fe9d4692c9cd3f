import { describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../contract.ts';
import { formatSender, parseSender } from './mail-address.ts';
import { type MailParts, mailParts, messageIdOf, tooLarge } from './mail-parts.ts';

const take = (message: Partial<OutgoingMessage>) =>
  mailParts({
    workspace: 'default',
    channel: 'EMAIL',
    address: 'ada@example.com',
    notification: 'n1',
    delivery: 'd1',
    priority: 'MEDIUM',
    locale: 'en',
    body: 'A message.',
    ...message,
  });
async function mailOf(message: Partial<OutgoingMessage>): Promise<MailParts> {
  const parts = await take(message);
  if ('wrong' in parts) throw new Error(JSON.stringify(parts.wrong));
  return parts.mail;
}

describe('the text of an e-mail', () => {
  it.each([
    [{ body: 'Hello' }, 'Hello'],
    [{ body: 'Hello', url: 'https://a.example/x' }, 'Hello\n\nhttps://a.example/x'],
    [{ body: 'See https://a.example/x now', url: 'https://a.example/x' }, 'See https://a.example/x now'],
    // Who writes HTML decides where the link stands, in the text as well.
    [{ body: 'Hello', html: '<p>Hello</p>', url: 'https://a.example/x' }, 'Hello'],
    [{ body: '', html: '<h1>Größe</h1><p>eins<br>zwei</p>' }, 'Größe\n\neins\nzwei'],
    [
      { body: ' \n', html: '<p>Pay <a href="https://a.example/pay">here</a><img src="cid:x" alt=""></p>' },
      'Pay here [https://a.example/pay]',
    ],
    [{ body: '', html: '<style>p{}</style><ul><li>one<li>two</ul>' }, ' * one\n * two'],
    [{ body: '' }, ''],
  ])('%j → %j', async (message, text) => expect((await mailOf(message)).text).toBe(text));
});

describe('the subject of an e-mail', () => {
  it.each([
    [{ title: 'Hi\r\nBcc: eve@example.com' }, 'Hi Bcc: eve@example.com'],
    [{ title: ' ', body: 'Your code is 123456' }, 'Your code is 123456'],
    [{ body: `${'👩‍👩‍👧‍👦'.repeat(100)}` }, Array.from('👩‍👩‍👧‍👦'.repeat(100)).slice(0, 120).join('')],
    [{ title: 'x'.repeat(5_000) }, 'x'.repeat(900)],
  ])('%j', async (message, subject) => expect((await mailOf(message)).subject).toBe(subject));
});

describe('one-click unsubscribe', () => {
  it.each([
    [
      'https://h.example/u?t=a b<>\r\nBcc: eve@example.com',
      {
        'List-Unsubscribe': '<https://h.example/u?t=a%20b%3C%3EBcc:%20eve@example.com>',
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      },
    ],
    ['http://localhost:4000/u', { 'List-Unsubscribe': '<http://localhost:4000/u>' }],
    ['javascript:alert(1)', {}],
    ['no URL', {}],
    [`https://h.example/${'u'.repeat(1_000)}`, {}],
    [undefined, {}],
  ])('%s', async (unsubscribeUrl, headers) => {
    const mail = await mailOf(unsubscribeUrl === undefined ? {} : { unsubscribeUrl });
    expect(mail.headers).toEqual({ 'Auto-Submitted': 'auto-generated', ...headers });
  });
});

describe('the recipient', () => {
  it.each([
    ['ada@bücher.example', 'ada@xn--bcher-kva.example'],
    ['почта@example.com', 'почта@example.com'],
  ])('%s → %s', async (address, to) => expect((await mailOf({ address })).to).toBe(to));

  it.each(['ada@example.com, eve@example.com', 'Ada <ada@example.com>', 'a@b.c\r\nRCPT TO:<d@e.f>', ''])(
    'is not %j',
    async (address) => expect(await take({ address })).toMatchObject({ wrong: { kind: 'invalidRecipient' } }),
  );
});

describe('attachments', () => {
  const pdf = { filename: 'Rechnung №7.pdf', contentType: 'application/pdf', content: 'JVBERg==' };

  it('come from data.email', async () => {
    const attachments = [pdf, { ...pdf, cid: 'logo@herald' }];
    expect((await mailOf({ data: { email: { attachments } } })).attachments).toEqual(attachments);
  });

  it.each([
    [undefined],
    [null],
    ['x'],
    [{ email: 'ada@example.com' }],
    [{ email: null }],
    [{ email: { to: 1 } }],
  ])('are none in %j', async (data) => expect((await mailOf({ data })).attachments).toEqual([]));

  it.each([
    [{ ...pdf, filename: '../a' }, 'data.email.attachments.0.filename'],
    [{ ...pdf, filename: 'a"\r\nX: y' }, 'data.email.attachments.0.filename'],
    [{ ...pdf, contentType: 'pdf' }, 'data.email.attachments.0.contentType'],
    [{ ...pdf, contentType: 'text/plain\r\nX: y' }, 'data.email.attachments.0.contentType'],
    [{ ...pdf, content: 'ä' }, 'data.email.attachments.0.content'],
    [{ ...pdf, cid: 'a>' }, 'data.email.attachments.0.cid'],
    [{ ...pdf, path: '/etc/passwd' }, 'data.email.attachments.0'],
  ])('that are wrong are told by name: %j', async (attachment, name) => {
    expect(await take({ data: { email: { attachments: [attachment] } } })).toEqual({
      wrong: {
        kind: 'permanent',
        code: 'CHANNEL_MESSAGE_REJECTED',
        message: expect.stringContaining(name),
        about: 'recipient',
      },
    });
  });

  it('count towards the size', async () => {
    const mail = await mailOf({ body: 'ä', html: '<p>', data: { email: { attachments: [pdf] } } });
    expect(tooLarge(mail, 'X', 2 + 3 + 8)).toBeUndefined();
    expect(tooLarge(mail, 'X', 12)).toMatchObject({ code: 'CHANNEL_MESSAGE_TOO_LARGE' });
  });
});

describe('senders', () => {
  it.each([
    ['a@b.example', 'a@b.example'],
    ['Herald <a@b.example>', '"Herald" <a@b.example>'],
    ['"He said \\"no\\"" <a@b.example>', '"He said \\"no\\"" <a@b.example>'],
    ['Grüße <a@bücher.example>', '=?UTF-8?B?R3LDvMOfZQ==?= <a@xn--bcher-kva.example>'],
    [
      `${'ä'.repeat(30)} <a@b.example>`,
      `=?UTF-8?B?${b64('ä'.repeat(22))}?= =?UTF-8?B?${b64('ä'.repeat(8))}?= <a@b.example>`,
    ],
  ])('%s', (from, formatted) => {
    const sender = parseSender(from);
    expect(sender && formatSender(sender)).toBe(formatted);
  });

  it.each(['', 'Herald', 'a@b.c, d@e.f', 'group: a@b.c;', 'a@b@c'])('%j is none', (from) =>
    expect(parseSender(from)).toBeUndefined(),
  );

  it('give the same Message-ID to the same key', () => {
    const sender = { name: '', address: 'a@bücher.example' };
    expect(messageIdOf('k', sender)).toMatch(/^<[0-9a-f]{64}@xn--bcher-kva\.example>$/);
    expect(messageIdOf('k', sender)).toBe(messageIdOf('k', sender));
    expect(messageIdOf('l', sender)).not.toBe(messageIdOf('k', sender));
  });
});

function b64(text: string): string {
  return Buffer.from(text).toString('base64');
}
