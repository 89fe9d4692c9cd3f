/**
 * The provider stub's process: receives webhooks over HTTP and e-mails over SMTP, writes each down durably and then
 * answers, or fails in the way that it was told. Argument: `StubArguments` as JSON.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import { LOOPBACK } from '../../platform/data-services/free-port.ts';
import { Journal } from './journal.ts';
import type { Received, StubChannel } from './received.ts';
import type { StubArguments, StubMode, StubOrder, StubReport } from './stub-messages.ts';

const SLOW_MS = 30_000;

const given = JSON.parse(process.argv[2] ?? '{}') as StubArguments;
const journal = await Journal.open(given.journalPath);
const modes: Record<StubChannel, StubMode> = { WEBHOOK: 'ok', EMAIL: 'ok', ...given.modes };
const attempts: Record<StubChannel, number> = { WEBHOOK: 0, EMAIL: 0 };
const held: Record<StubChannel, Set<() => void>> = { WEBHOOK: new Set(), EMAIL: new Set() };

/** Waits out `hold` and `slow30s`. */
async function patience(channel: StubChannel, mode: StubMode): Promise<void> {
  if (mode === 'slow30s') await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  if (mode === 'hold') await new Promise<void>((resolve) => held[channel].add(resolve));
}

const takesIt = (mode: StubMode): boolean =>
  mode === 'ok' || mode === 'slow30s' || mode === 'hold' || mode === 'halfBody';

// --- WEBHOOK

interface WebhookData {
  readonly data: { readonly notification: string; readonly delivery: string; readonly body: string };
}

async function webhook(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await buffer(request);
  const mode = modes.WEBHOOK;
  attempts.WEBHOOK++;
  if (takesIt(mode)) {
    const { data } = JSON.parse(body.toString()) as WebhookData;
    await journal.write({
      channel: 'WEBHOOK',
      key: String(request.headers['webhook-id']),
      notification: data.notification,
      delivery: data.delivery,
      address: request.url ?? '',
      text: data.body,
      at: Date.now(),
    } satisfies Received);
  }
  await patience('WEBHOOK', mode);
  const text = JSON.stringify({ taken: takesIt(mode) });
  switch (mode) {
    case '429':
      response.writeHead(429, { 'retry-after': String(given.retryAfterSeconds) }).end(text);
      return;
    case '5xx':
      response.writeHead(503).end(text);
      return;
    case 'reset':
      request.socket.resetAndDestroy();
      return;
    case 'halfBody':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 2 * text.length });
      response.write(text, () => request.socket.resetAndDestroy());
      return;
    default:
      response.writeHead(200, { 'content-type': 'application/json' }).end(text);
  }
}

const http = createServer((request, response) => {
  // The other side may go in the middle; what it sent in full was written down.
  webhook(request, response).catch((error: Error) => {
    report({ kind: 'trouble', text: `webhook: ${error.message}` });
    request.socket.destroy();
  });
});
http.keepAliveTimeout = 60_000;

// --- EMAIL

/** By the other side's port, which is what a session knows of its socket. */
const sockets = new Map<number, Socket>();

const refusal = (code: number, text: string): Error => Object.assign(new Error(text), { responseCode: code });

async function mail(
  stream: NodeJS.ReadableStream & AsyncIterable<Buffer>,
  to: string,
  remotePort: number,
): Promise<void> {
  const source = await buffer(stream);
  const mode = modes.EMAIL;
  attempts.EMAIL++;
  if (takesIt(mode)) {
    const mime = await PostalMime.parse(source);
    await journal.write({
      channel: 'EMAIL',
      key: (mime.messageId ?? '').replace(/^<|@.*$/g, ''),
      address: to,
      text: (mime.text ?? '').trim(),
      at: Date.now(),
    } satisfies Received);
  }
  await patience('EMAIL', mode);
  const socket = sockets.get(remotePort);
  switch (mode) {
    // RFC 5321 and 3463: the server is about to close, too many messages; a local error.
    case '429':
      throw refusal(450, '4.7.1 Too many messages, slow down');
    case '5xx':
      throw refusal(451, '4.3.0 Local error in processing');
    case 'reset':
      socket?.resetAndDestroy();
      return;
    case 'halfBody':
      socket?.write('250 2.0', () => socket.resetAndDestroy());
      await new Promise(() => undefined);
      return;
    default:
  }
}

const smtp = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  logger: false,
  onData(stream, session, done) {
    mail(stream, session.envelope.rcptTo[0]?.address ?? '', session.remotePort).then(() => done(), done);
  },
});
smtp.on('error', (error: Error) => report({ kind: 'trouble', text: `smtp: ${error.message}` }));
smtp.server.on('connection', (socket: Socket) => {
  const { remotePort } = socket;
  if (remotePort === undefined) return;
  sockets.set(remotePort, socket);
  socket.once('close', () => sockets.delete(remotePort));
});

// --- orders

function report(message: StubReport): void {
  if (process.connected) process.send?.(message);
}

process.on('message', (order: StubOrder) => {
  if (order.kind === 'mode') {
    modes[order.channel] = order.mode;
    if (order.retryAfterSeconds !== undefined) given.retryAfterSeconds = order.retryAfterSeconds;
    for (const release of held[order.channel]) release();
    held[order.channel].clear();
  }
  report({ kind: 'done', id: order.id, attempts });
});
process.once('disconnect', () => process.exit(0));

http.listen(given.httpPort, LOOPBACK);
smtp.listen(given.smtpPort, LOOPBACK);
await Promise.all([once(http, 'listening'), once(smtp.server, 'listening')]);
const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;
report({ kind: 'listening', httpPort: portOf(http), smtpPort: portOf(smtp.server) });
