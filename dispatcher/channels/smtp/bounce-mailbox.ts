/** Listens to the mailbox that bounces come to (IMAP with IDLE, RFC 2177). */
import type { ImapFlow, ImapFlowOptions } from 'imapflow';
import type { DeliveryTokens, Listening, Receipt, ReceiptListener } from '../contract.ts';
import type { Mailbox } from './imap-url.ts';
import { readReport } from './read-report.ts';

/** What becomes of a report when its receipt is stored. */
export type Afterwards = 'seen' | 'move' | 'delete';

export interface BounceMailboxOptions {
  readonly mailbox: Mailbox;
  readonly afterwards: Afterwards;
  /** Where reports are moved to; made when it is not there. */
  readonly moveTo: string;
  readonly tokens: Pick<DeliveryTokens, 'deliveryOf'>;
  readonly secrets: readonly string[];
  readonly log: { warn(fields: object, text: string): void; info(fields: object, text: string): void };
  /** Other ones for tests. */
  readonly lookMs?: number;
}

/** Servers without IDLE, and news that got lost: so often it is looked at in any case. */
const LOOK_MS = 60_000;
/** Mails read and stored together. */
const MAX_GROUP = 50;
/** Of one mail: a report comes before what it returns. */
const MAX_BYTES = 512 * 1024;
const CONNECT_MS = 15_000;
const SOCKET_MS = 5 * 60_000;
/** Some servers end an IDLE without a word after half an hour (RFC 2177). */
const IDLE_MS = 4 * 60_000;
const LOGOUT_MS = 2_000;

/** One process at a time reads a mailbox. What is not stored stays unseen, and is read again. */
export function bounceMailbox(options: BounceMailboxOptions): ReceiptListener {
  /** What is none of ours stays as it is, unseen: it is not read each time. By UID, for as long as those hold. */
  const passedOver = { validity: '', uids: new Set<number>() };
  return {
    by: 'oneProcess',
    async run({ take, ready, signal }) {
      const { ImapFlow: Client } = await import('imapflow');
      const client = new Client(clientOptions(options.mailbox));
      const news = newsOf(client, signal);
      try {
        await connected(client, options.mailbox, signal);
        if (signal.aborted) return;
        const opened = await client.mailboxOpen(options.mailbox.folder);
        const validity = String(opened.uidValidity);
        if (passedOver.validity !== validity) {
          passedOver.validity = validity;
          passedOver.uids.clear();
        }
        ready();
        while (!signal.aborted) {
          news.clear();
          await readAll(client, options, passedOver.uids, take, signal);
          await news.next(options.lookMs ?? LOOK_MS);
        }
      } catch (error) {
        if (!signal.aborted) throw new Error(sentenceOf(error, options), { cause: error });
      } finally {
        await leave(client);
      }
    },
  };
}

const clientOptions = ({
  host,
  port,
  tls,
  rejectUnauthorized,
  servername,
  user,
  password,
}: Mailbox): ImapFlowOptions => ({
  host,
  port,
  secure: tls === 'always',
  ...(tls !== 'always' && { doSTARTTLS: tls === 'upgrade' }),
  ...(servername !== undefined && { servername }),
  tls: { rejectUnauthorized },
  auth: { user, pass: password },
  clientInfo: { name: 'Herald' },
  logger: false,
  // Of a server that sends without end.
  maxLiteralSize: 2 * MAX_BYTES,
  maxResponseSize: 8 * MAX_BYTES,
  connectionTimeout: CONNECT_MS,
  greetingTimeout: CONNECT_MS,
  socketTimeout: SOCKET_MS,
  maxIdleTime: IDLE_MS,
  disableAutoIdle: true,
});

/** What is heard of the mailbox while nothing is asked. */
function newsOf(client: ImapFlow, signal: AbortSignal) {
  let heard = false;
  let lost: Error | undefined;
  let wake: () => void = () => undefined;
  client.on('exists', () => {
    heard = true;
    wake();
  });
  client.on('error', (error: Error) => {
    lost ??= error;
    wake();
  });
  client.on('close', () => {
    lost ??= new Error('The connection was closed.');
    wake();
  });
  signal.addEventListener('abort', () => wake(), { once: true });
  return {
    clear() {
      heard = false;
    },
    /** Waits for a mail, at most so long. @throws Error when the connection is lost. */
    async next(ms: number): Promise<void> {
      if (!heard && !lost && !signal.aborted) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const timer = setTimeout(() => wake(), ms);
        // Ended by the next command. What it fails with, the connection tells as well.
        void client.idle().catch((error: unknown) => {
          lost ??= error instanceof Error ? error : new Error(String(error));
          wake();
        });
        await woken;
        clearTimeout(timer);
      }
      if (lost) throw lost;
    },
  };
}

async function connected(client: ImapFlow, mailbox: Mailbox, signal: AbortSignal): Promise<void> {
  const stop = () => client.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await client.connect();
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (mailbox.tls !== 'never' && !client.secureConnection) throw new Error('The connection is not secure.');
}

/** Reads what is unseen, stores it, and only then does away with it. */
async function readAll(
  client: ImapFlow,
  options: BounceMailboxOptions,
  passedOver: Set<number>,
  take: Listening['take'],
  signal: AbortSignal,
): Promise<void> {
  const unseen = (await client.search({ seen: false }, { uid: true })) || [];
  const open = unseen.filter((uid) => !passedOver.has(uid));
  for (let from = 0; from < open.length && !signal.aborted; from += MAX_GROUP) {
    const receipts: Receipt[] = [];
    const told: number[] = [];
    const automatic: number[] = [];
    for (const uid of open.slice(from, from + MAX_GROUP)) {
      const found = await client.fetchOne(
        String(uid),
        { source: { start: 0, maxLength: MAX_BYTES } },
        { uid: true },
      );
      const raw = found ? found.source : undefined;
      // Gone in the meantime.
      if (!raw) continue;
      const read = await readReport(raw, options.tokens, options.secrets);
      if (read.kind === 'receipt') {
        receipts.push(read.receipt);
        told.push(uid);
      } else if (read.kind === 'automatic') automatic.push(uid);
      else passedOver.add(uid);
    }
    if (receipts.length > 0)
      await take(receipts).catch((error: unknown) => {
        throw new Error('what it says could not be stored', { cause: error });
      });
    if (told.length > 0) await doAway(client, told, options);
    // They say nothing, and are none that somebody waits for.
    if (automatic.length > 0) await client.messageFlagsAdd(automatic, ['\\Seen'], { uid: true });
    if (receipts.length > 0 || automatic.length > 0)
      options.log.info({ receipts: receipts.length, automatic: automatic.length }, 'bounces read');
  }
}

async function doAway(
  client: ImapFlow,
  uids: number[],
  { afterwards, moveTo, log }: BounceMailboxOptions,
): Promise<void> {
  if (afterwards === 'delete') {
    await client.messageDelete(uids, { uid: true });
    return;
  }
  await client.messageFlagsAdd(uids, ['\\Seen'], { uid: true });
  if (afterwards !== 'move') return;
  try {
    await client.mailboxCreate(moveTo);
    await client.messageMove(uids, moveTo, { uid: true });
  } catch (error) {
    // They are seen, and so not read again.
    log.warn({ err: error }, 'bounces not moved: they stay where they are');
  }
}

async function leave(client: ImapFlow): Promise<void> {
  if (client.usable) {
    const late = setTimeout(() => client.close(), LOGOUT_MS);
    // The connection may end first: that is what was wanted.
    await client.logout().catch(() => undefined);
    clearTimeout(late);
  }
  client.close();
}

/** For people, and without secrets: servers may repeat them. */
function sentenceOf(error: unknown, { mailbox, secrets }: BounceMailboxOptions): string {
  const details = error instanceof Error ? error : new Error(String(error));
  const of = (name: string) => {
    const value = name in details ? (details as unknown as Record<string, unknown>)[name] : undefined;
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const where = `The mailbox of bounces at ${mailbox.host}`;
  // RFC 5530: that one says nothing of the password.
  if ('authenticationFailed' in details && of('serverResponseCode') !== 'UNAVAILABLE')
    return `${where} does not take user name and password.`;
  let why = of('responseText') ?? of('code') ?? details.message;
  for (const secret of secrets) why = why.replaceAll(secret, '[redacted]');
  return `${where} cannot be read: ${why}`;
}
