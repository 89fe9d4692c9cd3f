import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { listening } from '../network/testing/listening.ts';
import type { ConformanceFixture, FakeBehaviour, ReceivedMessage } from '../testing/fake-provider.ts';

const USER = 'herald@example.com';

export const fixture: ConformanceFixture = {
  wrongSettings: [
    { settings: { SMTP_URL: 'http://mail.example.com', SMTP_FROM: 'a@b.c' }, names: 'SMTP_URL' },
    { settings: { SMTP_URL: 'smtp://mail.example.com?pool=false', SMTP_FROM: 'a@b.c' }, names: 'SMTP_URL' },
    { settings: { SMTP_URL: 'smtp://mail.example.com', SMTP_FROM: 'Herald' }, names: 'SMTP_FROM' },
    { settings: { SMTP_URL: 'smtp://mail.example.com', SMTP_FROM: 'a@b.c, d@e.f' }, names: 'SMTP_FROM' },
    {
      settings: { SMTP_URL: 'smtp://mail.example.com', SMTP_FROM: 'a@b.c', SMTP_DKIM_DOMAIN: 'b.c' },
      names: 'SMTP_DKIM_PRIVATE_KEY',
    },
    {
      settings: { SMTP_URL: 'smtp://mail.example.com', SMTP_FROM: 'a@b.c', SMTP_DKIM_PRIVATE_KEY: 'hunter2' },
      names: 'SMTP_DKIM_PRIVATE_KEY: must be a private key',
    },
    {
      settings: {
        SMTP_URL: 'smtp://mail.example.com',
        SMTP_FROM: 'a@b.c',
        SMTP_BOUNCES_URL: 'imaps://mail.example.com',
      },
      names: 'SMTP_BOUNCES_URL: must have a user name',
    },
    {
      settings: { SMTP_URL: 'smtp://mail.example.com', SMTP_FROM: 'a@b.c', SMTP_RETURN_PATH: 'a@b.c, d@e.f' },
      names: 'SMTP_RETURN_PATH: must be an e-mail address',
    },
  ],
  async start(behaviour) {
    const password = randomBytes(12).toString('base64');
    const mails: Buffer[] = [];
    const { server, stopSmtp } = fakeServer(behaviour, password, mails);
    const { port, openConnections, stop } = await listening(server, behaviour, stopSmtp);
    const [user, pass] = [USER, password].map(encodeURIComponent);
    return {
      settings: {
        SMTP_URL: `smtp://${user}:${pass}@127.0.0.1:${port}`,
        SMTP_FROM: 'Herald <herald@example.com>',
      },
      secrets: [password, Buffer.from(password).toString('base64')],
      recipient: { address: 'ada@example.com' },
      received: () => Promise.all(mails.map(parse)),
      openConnections,
      stop,
    };
  },
};

async function parse(raw: Buffer): Promise<ReceivedMessage> {
  const mail = await PostalMime.parse(raw);
  return {
    ...(mail.subject !== undefined && { title: mail.subject }),
    // A mail's lines end with CRLF, and its last one ends.
    body: (mail.text ?? '').replaceAll('\r\n', '\n').replace(/\n$/, ''),
    ...(mail.messageId !== undefined && { idempotencyKey: mail.messageId }),
  };
}

function fakeServer(
  behaviour: FakeBehaviour,
  password: string,
  mails: Buffer[],
): { server: Server; stopSmtp: () => Promise<void> } {
  if (behaviour === 'silentConnection' || behaviour === 'malformedAnswer') {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      if (behaviour === 'malformedAnswer') socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    return { server, stopSmtp: () => new Promise((resolve) => server.close(() => resolve())) };
  }
  const smtpServer = new SMTPServer({
    authMethods: ['PLAIN', 'LOGIN'],
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth(auth, _session, done) {
      if (behaviour === 'refuseEchoingSecrets') {
        const base64 = Buffer.from(`\0${auth.username}\0${auth.password}`).toString('base64');
        done(
          Object.assign(new Error(`5.7.8 wrong password ${auth.password} ${base64}`), { responseCode: 535 }),
        );
      } else if (auth.password === password) done(null, { user: auth.username });
      else done(new Error('wrong password'));
    },
    async onData(stream, _session, done) {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      mails.push(Buffer.concat(chunks));
      if (behaviour !== 'silentAfterRequest') done();
    },
  });
  smtpServer.on('error', () => undefined);
  return {
    server: smtpServer.server,
    stopSmtp: () => new Promise((resolve) => smtpServer.close(() => resolve())),
  };
}
