/** The provider stub as scenarios see it: a process of its own behind one link a channel. */
import { type ChildProcess, fork } from 'node:child_process';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LOOPBACK } from '../../platform/data-services/free-port.ts';
import { type LinkProxy, startProxy } from '../links/tcp-proxy.ts';
import { type Received, readReceived, type StubChannel } from './received.ts';
import type { StubArguments, StubMode, StubOrder, StubReport } from './stub-messages.ts';

export interface ProviderStub {
  /** For addresses of WEBHOOK; any path may follow. */
  readonly url: string;
  /** For SMTP_URL. */
  readonly smtpUrl: string;
  /** One `Received` a line, on the disk before the answer. */
  readonly journalPath: string;
  /** Between the dispatchers and each channel. */
  readonly links: Readonly<Record<StubChannel, LinkProxy>>;
  /** How a channel answers from now on. @param retryAfterSeconds with `429`; default 1. */
  mode(channel: StubChannel, mode: StubMode, retryAfterSeconds?: number): Promise<void>;
  /** All that was written down so far. */
  received(): Promise<Received[]>;
  /** Messages that came in, taken or not, since the process started. */
  attempts(): Promise<Readonly<Record<StubChannel, number>>>;
  kill9(): Promise<void>;
  /** Again, on the same ports and journal, in the same modes. */
  start(): Promise<void>;
  /** For good, links and all. */
  stop(): Promise<void>;
}

/** @param options.dir a folder of its own; made where it is missing. */
export async function startProviderStub({ dir }: { readonly dir: string }): Promise<ProviderStub> {
  await mkdir(dir, { recursive: true });
  const journalPath = join(dir, 'received.jsonl');
  const modes: Partial<Record<StubChannel, StubMode>> = {};
  let ports = { httpPort: 0, smtpPort: 0 };
  let retryAfter = 1;
  let child: ChildProcess | undefined;
  let orders = 0;

  const running = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals) => {
    if (!child || !running()) return;
    const ending = child;
    const gone = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
    ending.kill(signal);
    await gone;
  };
  const start = async () => {
    if (running()) return;
    const argument: StubArguments = { journalPath, ...ports, modes, retryAfterSeconds: retryAfter };
    const starting = fork(join(import.meta.dirname, 'stub-process.ts'), [JSON.stringify(argument)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child = starting;
    ports = await new Promise((resolve, reject) => {
      starting.on('message', (report: StubReport) => {
        if (report.kind === 'listening') resolve(report);
        else if (report.kind === 'trouble') void appendFile(join(dir, 'stub.log'), `${report.text}\n`);
      });
      starting.once('exit', (code, signal) =>
        reject(new Error(`The provider stub ended: ${signal ?? code}`)),
      );
    });
  };
  const order = async (what: StubOrder): Promise<Readonly<Record<StubChannel, number>>> => {
    const to = child;
    if (!to || !running()) throw new Error('The provider stub does not run.');
    return new Promise((resolve, reject) => {
      const stop = () => {
        to.off('message', onMessage);
        to.off('exit', onExit);
      };
      const onMessage = (report: StubReport) => {
        if (report.kind !== 'done' || report.id !== what.id) return;
        stop();
        resolve(report.attempts);
      };
      const onExit = () => {
        stop();
        reject(new Error('The provider stub ended before it did what it was told.'));
      };
      to.on('message', onMessage);
      to.once('exit', onExit);
      to.send(what);
    });
  };

  await start();
  const links = { WEBHOOK: await startProxy(ports.httpPort), EMAIL: await startProxy(ports.smtpPort) };
  return {
    url: `http://${LOOPBACK}:${links.WEBHOOK.port}`,
    smtpUrl: `smtp://${LOOPBACK}:${links.EMAIL.port}`,
    journalPath,
    links,
    async mode(channel, mode, retryAfterSeconds) {
      modes[channel] = mode;
      retryAfter = retryAfterSeconds ?? 1;
      if (running())
        await order({ kind: 'mode', id: ++orders, channel, mode, retryAfterSeconds: retryAfter });
    },
    received: () => readReceived(journalPath),
    attempts: () => order({ kind: 'attempts', id: ++orders }),
    kill9: () => end('SIGKILL'),
    start,
    async stop() {
      await end('SIGTERM');
      await Promise.all([links.WEBHOOK.close(), links.EMAIL.close()]);
    },
  };
}
