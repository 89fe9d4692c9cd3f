/** Real SMTP conversations with smtp-server, the mails read by postal-mime. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import PostalMime from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage, Provider } from '../contract.ts';
import { testDeps } from '../testing/test-deps.ts';
import { smtp } from './provider.ts';
import { verifyDkim } from './verify-dkim.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Received {
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly raw: Buffer;
}

/** A refusal with a reply code, as smtp-server sends it. */
const refusal = (responseCode: number, text: string) => Object.assign(new Error(text), { responseCode });

async function start(options: SMTPServerOptions = {}, query = '', config: object = {}) {
  const received: Received[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    async onData(stream, session, done) {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      const { mailFrom, rcptTo } = session.envelope;
      received.push({
        envelope: { from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address) },
        raw: Buffer.concat(chunks),
      });
      done();
    },
    ...options,
  });
  server.on('error', () => undefined);
  let connections = 0;
  server.server.on('connection', () => connections++);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  cleanups.push(() => new Promise((resolve) => server.close(() => resolve(undefined))));
  const { port } = server.server.address() as AddressInfo;
  const url = `${options.secure ? 'smtps' : 'smtp'}://127.0.0.1:${port}${query}`;
  const provider = smtp.create(
    smtp.config.parse({ url, from: 'Herald 📣 <herald@news.example.com>', ...config }),
    testDeps(),
  );
  cleanups.push(() => provider.close?.());
  return { provider, received, server, connections: () => connections };
}

const send = (provider: Provider, message: Partial<OutgoingMessage> = {}, key = 'key-1') =>
  provider.send(
    {
      workspace: 'default',
      channel: 'EMAIL',
      address: 'ada@example.com',
      notification: 'n1',
      delivery: 'd1',
      priority: 'MEDIUM',
      locale: 'en',
      title: 'Hello',
      body: 'A message.',
      ...message,
    },
    { idempotencyKey: key, signal: AbortSignal.timeout(20_000) },
  );

describe('SMTP provider', () => {
  it('writes the mail that was meant', async () => {
    const { provider, received } = await start();
    const outcome = await send(provider, {
      title: 'Ihre Bestellung 🎉 wurde geliefert – 谢谢',
      body: 'Grüße,\n.\nzwei Zeilen 🚀',
      html: '<p>Grüße, <b>zwei Zeilen</b> 🚀</p>',
    });
    const [mail] = received;
    expect(mail?.envelope).toEqual({ from: 'herald@news.example.com', to: ['ada@example.com'] });
    const parsed = await PostalMime.parse(mail?.raw ?? '');
    expect(parsed.subject).toBe('Ihre Bestellung 🎉 wurde geliefert – 谢谢');
    expect(parsed.text?.replaceAll('\r\n', '\n')).toBe('Grüße,\n.\nzwei Zeilen 🚀\n');
    expect(parsed.html?.trim()).toBe('<p>Grüße, <b>zwei Zeilen</b> 🚀</p>');
    expect(parsed.from).toEqual({ name: 'Herald 📣', address: 'herald@news.example.com' });
    expect(parsed.to).toEqual([{ name: '', address: 'ada@example.com' }]);
    expect(parsed.messageId).toMatch(/^<d1\.s{22}@news\.example\.com>$/);
    expect(outcome).toEqual({ kind: 'accepted', providerMessageId: parsed.messageId });
    const headers = Object.fromEntries(parsed.headers.map(({ key, value }) => [key, value]));
    expect(headers['auto-submitted']).toBe('auto-generated');
    expect(headers['content-type']).toMatch(/^multipart\/alternative/);
    expect(parsed.attachments).toEqual([]);
  });

  it('attaches files, puts pictures beside the HTML and offers one-click unsubscribe', async () => {
    const { provider, received } = await start();
    const unsubscribeUrl = `https://herald.example.com/u/${'x'.repeat(300)}`;
    const outcome = await send(provider, {
      html: '<p><img src="cid:logo"></p>',
      unsubscribeUrl,
      data: {
        email: {
          attachments: [
            { filename: 'Größe.txt', contentType: 'text/plain', content: 'R3LDtsOfZQ==' },
            { filename: 'logo.png', contentType: 'image/png', content: 'iVBORw==', cid: 'logo' },
          ],
        },
      },
    });
    expect(outcome.kind).toBe('accepted');
    const parsed = await PostalMime.parse(received[0]?.raw ?? '');
    const headers = Object.fromEntries(parsed.headers.map(({ key, value }) => [key, value]));
    expect(headers['list-unsubscribe']).toBe(`<${unsubscribeUrl}>`);
    expect(headers['list-unsubscribe-post']).toBe('List-Unsubscribe=One-Click');
    expect(parsed.text?.trim()).toBe('A message.');
    const [picture, file] = ['logo.png', 'Größe.txt'].map((name) =>
      parsed.attachments.find(({ filename }) => filename === name),
    );
    expect(picture).toMatchObject({ contentId: '<logo>', disposition: 'inline', mimeType: 'image/png' });
    expect(file).toMatchObject({ disposition: 'attachment', mimeType: 'text/plain' });
    expect(new TextDecoder().decode(file?.content as ArrayBuffer)).toBe('Größe');
  });

  it('signs what it sends (DKIM), the unsubscribe fields too', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    const { provider, received } = await start({}, '', {
      dkimDomain: 'news.example.com',
      dkimSelector: 'herald',
      dkimPrivateKey: pem.replaceAll('\n', '\\n'),
    });
    await send(provider, {
      title: 'Grüße  aus   Köln',
      body: 'Zeile 1  \n.\n\nZeile 2\t \n\n\n',
      unsubscribeUrl: 'https://herald.example.com/u/1',
    });
    const raw = received[0]?.raw ?? Buffer.alloc(0);
    const signature = verifyDkim(raw, publicKey);
    expect(signature).toMatchObject({ d: 'news.example.com', s: 'herald', valid: true });
    for (const field of ['from', 'to', 'subject', 'message-id', 'list-unsubscribe', 'list-unsubscribe-post'])
      expect(signature.fields).toContain(field);
    const changed = Buffer.from(raw.toString('latin1').replace('One-Click', 'One-Klick'), 'latin1');
    expect(verifyDkim(changed, publicKey).valid).toBe(false);
  });

  it('knows with DKIM, too, that a message has not left', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const sockets: Socket[] = [];
    const { provider, server } = await start(
      { onRcptTo: () => sockets.at(-1)?.destroy() },
      '?maxConnections=1',
      {
        dkimDomain: 'news.example.com',
        dkimSelector: 'herald',
        dkimPrivateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      },
    );
    server.server.on('connection', (socket) => sockets.push(socket));
    expect(await send(provider)).toMatchObject({ kind: 'retryable', mayHaveSent: false });
  });

  it('sends text alone when there is no HTML, and a subject from the body when there is no title', async () => {
    const { provider, received } = await start();
    await send(provider, { title: undefined, body: `Your code is 123456\n${'x'.repeat(500)}` });
    const parsed = await PostalMime.parse(received[0]?.raw ?? '');
    expect(parsed.html).toBeUndefined();
    expect(parsed.subject).toMatch(/^Your code is 123456 x+$/);
    expect(parsed.subject).toHaveLength(120);
  });

  it.each([
    'Hi\r\nBcc: eve@example.com',
    'Hi\nBcc: eve@example.com\n\nother body',
    'Hi\rBcc: eve@example.com',
    'Hi\u2028Bcc: eve@example.com',
    'Hi\u0085Bcc: eve@example.com',
  ])('lets no title add a header: %j', async (title) => {
    const { provider, received } = await start();
    expect((await send(provider, { title })).kind).toBe('accepted');
    const [mail] = received;
    expect(mail?.envelope.to).toEqual(['ada@example.com']);
    const parsed = await PostalMime.parse(mail?.raw ?? '');
    expect(parsed.headers.map(({ key }) => key)).not.toContain('bcc');
    expect(parsed.subject).toMatch(/^Hi Bcc: eve@example\.com/);
    expect(parsed.text?.trim()).toBe('A message.');
  });

  it.each([
    '',
    'ada',
    'ada@',
    '@example.com',
    'ada@example.com, eve@example.com',
    'Ada <ada@example.com>',
    'ada@example.com\r\nRCPT TO:<eve@example.com>',
    'group: ada@example.com;',
    '"a b"@example.com',
  ])('does not take %j for an address', async (address) => {
    const { provider, received } = await start();
    expect(await send(provider, { address })).toMatchObject({
      kind: 'invalidRecipient',
      code: 'CHANNEL_ADDRESS_INVALID',
    });
    expect(received).toEqual([]);
  });

  it.each(['ada+tag@example.com', "o'hara@example.co.uk", 'ada@bücher.example', 'почта@example.com'])(
    'sends to %s',
    async (address) => {
      const { provider, received } = await start();
      expect((await send(provider, { address })).kind).toBe('accepted');
      expect(received[0]?.envelope.to).toHaveLength(1);
    },
  );

  it('gives every attempt at one delivery the same Message-ID', async () => {
    const { provider, received } = await start();
    await send(provider);
    await send(provider);
    await send(provider, { delivery: 'd2' });
    const ids = await Promise.all(received.map(async ({ raw }) => (await PostalMime.parse(raw)).messageId));
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('asks for bounces where somebody reads them and the server can tell them', async () => {
    const commands: string[] = [];
    const server = (offers: string) =>
      createServer((socket) => {
        socket.on('error', () => undefined).write('220 ready\r\n');
        let inMessage = false;
        createInterface(socket).on('line', (line) => {
          if (inMessage) {
            inMessage = line !== '.';
            if (!inMessage) socket.write('250 taken\r\n');
            return;
          }
          commands.push(line);
          inMessage = line === 'DATA';
          if (inMessage) socket.write('354 go on\r\n');
          else if (line.startsWith('EHLO')) socket.write(`250-me\r\n${offers}250 8BITMIME\r\n`);
          else socket.write('250 fine\r\n');
        });
      });
    const envelopes = async (offers: string, config: object) => {
      commands.length = 0;
      const own = server(offers).listen(0, '127.0.0.1');
      await once(own, 'listening');
      cleanups.push(() => own.close());
      const url = `smtp://127.0.0.1:${(own.address() as AddressInfo).port}`;
      const { provider } = await start({}, '', { url, ...config });
      expect((await send(provider)).kind).toBe('accepted');
      return commands.filter((line) => /^(MAIL|RCPT)/.test(line));
    };
    const mailbox = { bounces: 'imaps://u:p@imap.example.com', returnPath: 'bounces@news.example.com' };
    const token = `d1.${'s'.repeat(22)}`;
    expect(await envelopes('250-DSN\r\n', mailbox)).toEqual([
      `MAIL FROM:<bounces@news.example.com> RET=HDRS ENVID=${token}`,
      'RCPT TO:<ada@example.com> NOTIFY=FAILURE,DELAY',
    ]);
    const plain = ['MAIL FROM:<herald@news.example.com>', 'RCPT TO:<ada@example.com>'];
    expect(await envelopes('', { ...mailbox, returnPath: undefined })).toEqual(plain);
    expect(await envelopes('250-DSN\r\n', {})).toEqual(plain);
  });

  it('uses no more connections than the URL says, and uses them again', async () => {
    const { provider, received, connections } = await start({}, '?maxConnections=2');
    expect(provider.concurrency).toBe(2);
    await Promise.all(Array.from({ length: 20 }, (_, i) => send(provider, {}, `key-${i}`)));
    expect(received).toHaveLength(20);
    expect(connections()).toBe(2);
  });

  it('goes on over the same connection after a refused recipient', async () => {
    const { provider, received, connections } = await start(
      {
        onRcptTo({ address }, _session, done) {
          if (address.startsWith('nobody')) done(refusal(550, '5.1.1 No such user'));
          else if (address.startsWith('full')) done(refusal(452, '4.2.2 Mailbox full'));
          else done();
        },
      },
      '?maxConnections=1',
    );
    expect(await send(provider, { address: 'nobody@example.com' })).toEqual({
      kind: 'invalidRecipient',
      code: 'CHANNEL_ADDRESS_GONE',
      message: expect.stringContaining('550 5.1.1 No such user'),
    });
    expect(await send(provider, { address: 'full@example.com' })).toMatchObject({
      kind: 'retryable',
      code: 'CHANNEL_PROVIDER_UNAVAILABLE',
      mayHaveSent: false,
    });
    expect((await send(provider)).kind).toBe('accepted');
    expect([received.length, connections()]).toEqual([1, 1]);
  });

  it.each([
    [554, '5.7.1 Looks like spam', { kind: 'permanent', code: 'CHANNEL_MESSAGE_REJECTED' }],
    [552, '5.3.4 Too large', { kind: 'permanent', code: 'CHANNEL_MESSAGE_TOO_LARGE' }],
    [451, '4.3.0 Try later', { kind: 'retryable', code: 'CHANNEL_PROVIDER_UNAVAILABLE', mayHaveSent: false }],
    [421, '4.7.28 Too many mails', { kind: 'rateLimited' }],
  ])('%d %s after the message', async (code, text, expected) => {
    const { provider } = await start({
      onData(stream, _session, done) {
        stream.resume().once('end', () => done(refusal(code, text)));
      },
    });
    expect(await send(provider)).toMatchObject(expected);
  });

  it('does not know what became of the message when the connection breaks after it', async () => {
    const sockets = new Map<number, Socket>();
    const { provider, server } = await start({
      onData(stream, session) {
        stream.resume().once('end', () => sockets.get(session.remotePort)?.destroy());
      },
    });
    server.server.on('connection', (socket) => sockets.set(socket.remotePort ?? 0, socket));
    expect(await send(provider)).toMatchObject({
      kind: 'retryable',
      code: 'CHANNEL_CONNECTION_FAILED',
      mayHaveSent: true,
    });
  });

  it('sends over a new connection what a pooled one no longer takes', async () => {
    const sockets: { destroy(): void }[] = [];
    const { provider, received, server } = await start({}, '?maxConnections=1');
    server.server.on('connection', (socket) => sockets.push(socket));
    expect((await send(provider)).kind).toBe('accepted');
    for (const socket of sockets) socket.destroy();
    expect((await send(provider, {}, 'key-2')).kind).toBe('accepted');
    expect(received).toHaveLength(2);
  });

  it('trusts no self-signed certificate unless the URL says so', async () => {
    const strict = await start({ secure: true });
    expect(await send(strict.provider)).toMatchObject({
      kind: 'retryable',
      code: 'CHANNEL_CONNECTION_FAILED',
      mayHaveSent: false,
    });
    const lax = await start({ secure: true }, '?tls.rejectUnauthorized=false');
    expect((await send(lax.provider)).kind).toBe('accepted');
    expect(lax.received).toHaveLength(1);
  });

  it('uses STARTTLS where the server has it', async () => {
    let secure: boolean | undefined;
    const { provider } = await start(
      {
        disabledCommands: [],
        onMailFrom(_address, session, done) {
          secure = session.secure;
          done();
        },
      },
      '?tls.rejectUnauthorized=false',
    );
    expect((await send(provider)).kind).toBe('accepted');
    expect(secure).toBe(true);
  });
});
