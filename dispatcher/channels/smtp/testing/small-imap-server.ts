/** As much of IMAP4rev1 (RFC 3501) as the listener asks for, without IDLE: for machines without Dovecot. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

interface StoredMail {
  readonly uid: number;
  readonly source: Buffer;
  seen: boolean;
}

export class SmallImapServer {
  readonly mails: StoredMail[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #selected = new Set<Socket>();

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async start(): Promise<SmallImapServer> {
    const own = new SmallImapServer();
    await once(own.#server.listen(0, '127.0.0.1'), 'listening');
    return own;
  }

  url(password = 'p@ss'): string {
    const { port } = this.#server.address() as AddressInfo;
    return `imap://bounces:${encodeURIComponent(password)}@127.0.0.1:${port}/?ignoreTLS=true`;
  }

  deliver(mail: string): void {
    const source = Buffer.from(mail.replace(/\r?\n/g, '\r\n'));
    this.mails.push({ uid: this.mails.length + 1, source, seen: false });
    for (const socket of this.#selected) socket.write(`* ${this.mails.length} EXISTS\r\n`);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#selected.delete(socket);
    });
    socket.write('* OK [CAPABILITY IMAP4rev1] ready\r\n');
    createInterface(socket).on('line', (line) => {
      const [tag = '*', ...words] = line.split(' ');
      const uid = words[0]?.toUpperCase() === 'UID';
      const command = (uid ? words[1] : words[0])?.toUpperCase() ?? '';
      const answer = this.#answer(command, words.slice(uid ? 2 : 1), socket);
      for (const part of answer.untagged ?? []) socket.write(part);
      socket.write(`${tag} ${answer.end ?? 'OK done'}\r\n`);
      if (command === 'LOGOUT') socket.end();
    });
  }

  #answer(command: string, args: readonly string[], socket: Socket): Answer {
    switch (command) {
      case 'CAPABILITY':
        return { untagged: ['* CAPABILITY IMAP4rev1\r\n'] };
      case 'LOGIN':
        return args.join(' ').replaceAll('"', '') === 'bounces p@ss'
          ? {}
          : { end: 'NO [AUTHENTICATIONFAILED] wrong' };
      case 'LIST':
        return { untagged: ['* LIST () "/" INBOX\r\n'] };
      case 'SELECT':
        this.#selected.add(socket);
        return {
          untagged: [
            `* ${this.mails.length} EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen)\r\n`,
            `* OK [PERMANENTFLAGS (\\Seen)] ok\r\n* OK [UIDVALIDITY 7] ok\r\n* OK [UIDNEXT ${this.mails.length + 1}] ok\r\n`,
          ],
          end: 'OK [READ-WRITE] selected',
        };
      case 'SEARCH':
        return {
          untagged: [
            `* SEARCH${this.mails.flatMap(({ uid, seen }) => (seen ? [] : ` ${uid}`)).join('')}\r\n`,
          ],
        };
      case 'FETCH': {
        const mail = this.mails.find(({ uid }) => String(uid) === args[0]);
        if (!mail) return {};
        const head = `* ${mail.uid} FETCH (UID ${mail.uid} BODY[]<0> {${mail.source.length}}\r\n`;
        return { untagged: [head, mail.source, ')\r\n'] };
      }
      case 'STORE':
        for (const mail of this.mails)
          if (isIn(mail.uid, args[0] ?? '') && args.join(' ').includes('\\Seen')) mail.seen = true;
        return {};
      default:
        return /^(NOOP|LOGOUT|ID|NAMESPACE|ENABLE)$/.test(command) ? {} : { end: 'BAD unknown' };
    }
  }
}

interface Answer {
  readonly untagged?: readonly (string | Buffer)[];
  readonly end?: string;
}

/** Whether a UID is in a sequence set: `1,3:5`. */
const isIn = (uid: number, set: string): boolean =>
  set.split(',').some((range) => {
    const [from = '0', to = from] = range.split(':');
    return Number(from) <= uid && uid <= Number(to);
  });
