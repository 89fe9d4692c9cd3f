/** A real IMAP server (Dovecot) with one mailbox, as a child of the test on 127.0.0.1. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../../../platform/data-services/free-port.ts';

const PROGRAM = '/usr/sbin/dovecot';
const USER = 'bounces@example.com';
const PASSWORD = 'p@ss/word';

/** Whether it is installed (Debian: `dovecot-imapd`), in the one line of versions that this configuration is of. */
export const hasDovecot = (): boolean => {
  try {
    return execFileSync(PROGRAM, ['--version'], { encoding: 'utf8' }).startsWith('2.3.');
  } catch {
    return false;
  }
};

export class Dovecot {
  readonly #folder: string;
  readonly #port: number;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.#folder = folder;
    this.#port = port;
  }

  static async start(): Promise<Dovecot> {
    const own = new Dovecot(await mkdtemp(join(tmpdir(), 'herald-imap-')), await freePort());
    try {
      await own.#configure();
      await own.start();
    } catch (error) {
      await own.remove();
      throw error;
    }
    return own;
  }

  /** For `bounces`. */
  url({ password = PASSWORD, folder = '' } = {}): string {
    const [user, pass] = [USER, password].map(encodeURIComponent);
    return `imap://${user}:${pass}@127.0.0.1:${this.#port}/${folder}?ignoreTLS=true`;
  }

  /** Resolves when it greets. */
  async start(): Promise<void> {
    const child = spawn(PROGRAM, ['-F', '-c', join(this.#folder, 'dovecot.conf')], {
      stdio: 'ignore',
      // A group of its own: the processes of open connections outlive the first one by seconds.
      detached: true,
    });
    this.#process = child;
    for (const end = Date.now() + 40_000; !(await greets(this.#port)); await sleep(50))
      if (Date.now() > end || child.exitCode !== null)
        throw new Error(`Dovecot does not start: ${await readFile(join(this.#folder, 'log'), 'utf8')}`);
  }

  /** With all its connections. Resolves when it is gone. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    process.kill(-child.pid, 'SIGTERM');
    await gone;
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** As a mail server does: it is there at one stroke. */
  async deliver(mail: string): Promise<void> {
    const name = `${Date.now()}.${randomUUID()}.test`;
    const [tmp, arrived] = ['tmp', 'new'].map((folder) => join(this.#maildir(), folder, name));
    if (!tmp || !arrived) return;
    await writeFile(tmp, mail.replace(/\r?\n/g, '\r\n'));
    await this.#own(tmp);
    await rename(tmp, arrived);
  }

  /** The flags of the mails in a folder (`S`: seen), as they are on the disk. */
  async flags(folder?: string): Promise<string[]> {
    const of = (name: string) =>
      readdir(join(this.#maildir(), ...(folder === undefined ? [] : [`.${folder}`]), name)).catch(() => []);
    const [fresh, known] = await Promise.all([of('new'), of('cur')]);
    return [...fresh.map(() => ''), ...known.map((file) => file.split(':2,')[1] ?? '')].sort();
  }

  #maildir = (): string => join(this.#folder, 'mail', USER);

  async #configure(): Promise<void> {
    const me = userInfo().username;
    const asRoot = userInfo().uid === 0;
    // Dovecot gives nobody a mailbox as root, and needs root for users of its own.
    const owner = asRoot ? 'mail' : me;
    await chmod(this.#folder, 0o755);
    for (const name of ['cur', 'new', 'tmp']) await mkdir(join(this.#maildir(), name), { recursive: true });
    for (const path of [
      'mail',
      `mail/${USER}`,
      ...['cur', 'new', 'tmp'].map((name) => `mail/${USER}/${name}`),
    ])
      await this.#own(join(this.#folder, path));
    await writeFile(
      join(this.#folder, 'dovecot.conf'),
      `base_dir = ${this.#folder}/run
log_path = ${this.#folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mailbox_idle_check_interval = 1s
mail_location = maildir:${this.#folder}/mail/%u
first_valid_uid = 1
${asRoot ? '' : `default_internal_user = ${me}\ndefault_login_user = ${me}\ndefault_internal_group = ${groupOf(me)}`}
passdb {
  driver = static
  args = password=${PASSWORD}
}
userdb {
  driver = static
  args = uid=${owner} gid=${groupOf(owner)} home=${this.#folder}/mail/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    port = ${this.#port}
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
`,
    );
  }

  /** Mails are of the user as whom Dovecot opens them. */
  async #own(path: string): Promise<void> {
    if (userInfo().uid !== 0) return;
    ownerOfMail ??= { uid: idOfMail('-u'), gid: idOfMail('-g') };
    await chown(path, ownerOfMail.uid, ownerOfMail.gid);
  }
}

let ownerOfMail: { readonly uid: number; readonly gid: number } | undefined;
const idOfMail = (option: string) => Number(execFileSync('id', [option, 'mail'], { encoding: 'utf8' }));

const groupOf = (user: string): string => execFileSync('id', ['-gn', user], { encoding: 'utf8' }).trim();

const greets = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (does: boolean) => {
      socket.destroy();
      resolve(does);
    };
    socket.once('error', () => done(false)).once('data', () => done(true));
  });
