/** Two SMS accounts of a provider that is a process of its own. */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { LOOPBACK } from '../../platform/data-services/free-port.ts';
import type {
  AccountName,
  FakeArguments,
  FakeMode,
  FakeOrder,
  FakeReport,
  FakeRequest,
} from './fake-messages.ts';

/** What the client is told that an account asks for with `limited`. */
export const RETRY_AFTER_SECONDS = 5;

export class Fakes {
  readonly #child: ChildProcess;
  readonly #url: string;
  readonly #given: FakeArguments;
  #orders = 0;

  private constructor(child: ChildProcess, url: string, given: FakeArguments) {
    this.#child = child;
    this.#url = url;
    this.#given = given;
  }

  static async start(): Promise<Fakes> {
    const given: FakeArguments = {
      sids: { a: `AC${'a'.repeat(32)}`, b: `AC${'b'.repeat(32)}` },
      authToken: randomBytes(16).toString('hex'),
      retryAfterSeconds: RETRY_AFTER_SECONDS,
    };
    const child = fork(join(import.meta.dirname, 'fake-process.ts'), [JSON.stringify(given)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const port = await new Promise<number>((resolve, reject) => {
      child.once('message', (report: FakeReport) => {
        if (report.kind === 'listening') resolve(report.port);
      });
      child.once('exit', (code, signal) => reject(new Error(`The fakes ended: ${signal ?? code}`)));
    });
    return new Fakes(child, `http://${LOOPBACK}:${port}`, given);
  }

  /** The configuration of an account of the provider `twilio`. */
  configOf(account: AccountName): Readonly<Record<string, string>> {
    return {
      accountSid: this.#given.sids[account],
      authToken: this.#given.authToken,
      from: '+15005550006',
      baseUrl: this.#url,
    };
  }

  /** How an account answers from now on. */
  async mode(account: AccountName, mode: FakeMode): Promise<void> {
    await this.#order({ kind: 'mode', id: ++this.#orders, account, mode });
  }

  /** What has come in since the last time that somebody asked. */
  requests(): Promise<readonly FakeRequest[]> {
    return this.#order({ kind: 'requests', id: ++this.#orders });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.kill('SIGTERM');
    await gone;
  }

  #order(what: FakeOrder): Promise<readonly FakeRequest[]> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#child.off('message', onMessage);
        this.#child.off('exit', onExit);
      };
      const onMessage = (report: FakeReport) => {
        if (report.kind !== 'done' || report.id !== what.id) return;
        stop();
        resolve(report.requests);
      };
      const onExit = () => {
        stop();
        reject(new Error('The fakes ended before they did what they were told.'));
      };
      this.#child.on('message', onMessage);
      this.#child.once('exit', onExit);
      this.#child.send(what);
    });
  }
}
