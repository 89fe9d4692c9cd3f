/** The client processes: starts them, spreads sockets over them, gathers what they saw. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answered, Asked, Collected, Opening, Order, SocketPlan } from './protocol.ts';

/** How long frames may take that are waited for: with 10,000 executions an event a plain server needs seconds. */
const DEADLINE_MS = 60_000;

interface ClientProcess {
  ask(order: Order): Promise<Collected | undefined>;
  end(): Promise<void>;
  sockets: readonly SocketPlan[];
}

export class Clients {
  readonly #processes: readonly ClientProcess[];

  private constructor(processes: readonly ClientProcess[]) {
    this.#processes = processes;
  }

  /** @param processes over how many the sockets are spread. They are running when this resolves, without sockets. */
  static async start(processes: number): Promise<Clients> {
    const clients = new Clients(Array.from({ length: processes }, clientProcess));
    await clients.reset();
    return clients;
  }

  /**
   * Opens sockets and sends their subscriptions, which are running some time after. Once for a `Clients`.
   * @throws Error when a socket is refused.
   */
  async open(opening: Opening): Promise<void> {
    for (const [part, client] of this.#processes.entries())
      client.sockets = opening.sockets.filter((_, i) => i % this.#processes.length === part);
    await this.#all(({ sockets }) => ({ kind: 'open', opening: { ...opening, sockets } }));
  }

  /** Forgets what arrived. @param messages how many own messages will be sent. */
  async reset(messages = 0): Promise<void> {
    await this.#all(() => ({ kind: 'reset', messages }));
  }

  /**
   * Waits until every socket of `shared` kind had `events` events since the reset.
   * @throws Error when something else came, a socket was closed, or it took more than a minute.
   */
  async haveShared(events: number): Promise<void> {
    const shared = (sockets: readonly SocketPlan[]) => sockets.filter(({ gets }) => gets === 'shared').length;
    await this.#within(
      this.#all(({ sockets }) => ({ kind: 'received', frames: events * shared(sockets) })),
      `event ${events - 1} did not come to all sockets`,
    );
  }

  /**
   * Waits until every message since the reset is there.
   * @param of how many of them were sent to a user.
   * @throws Error as `haveShared`.
   */
  async haveOwn(of: (user: string) => number): Promise<void> {
    const frames = (sockets: readonly SocketPlan[]) =>
      sockets.reduce((sum, { user }) => sum + (user === undefined ? 0 : of(user)), 0);
    await this.#within(
      this.#all(({ sockets }) => ({ kind: 'received', frames: frames(sockets) })),
      'not all messages came',
    );
  }

  /** What each process saw. @throws Error when anything went wrong since they were opened. */
  async collect(): Promise<readonly Collected[]> {
    const collected = await this.#all(() => ({ kind: 'collect' }));
    return collected.filter((part) => part !== undefined);
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((part) => part.end()));
  }

  #all(order: (part: ClientProcess) => Order): Promise<(Collected | undefined)[]> {
    return Promise.all(this.#processes.map((part) => part.ask(order(part))));
  }

  async #within(done: Promise<unknown>, otherwise: string): Promise<void> {
    const timer = new AbortController();
    const late = sleep(DEADLINE_MS, undefined, { signal: timer.signal }).then(async () => {
      throw new Error(`${otherwise} within ${DEADLINE_MS / 1_000} s; ${await this.#frames()} frames came`);
    });
    try {
      await Promise.race([done, late]);
    } finally {
      // The timer ends with an AbortError that nobody waits for.
      late.catch(() => undefined);
      timer.abort();
    }
  }

  async #frames(): Promise<number> {
    return (await this.collect()).reduce((sum, { frames }) => sum + frames, 0);
  }
}

function clientProcess(): ClientProcess {
  const child = fork(join(import.meta.dirname, 'socket-clients.ts'), {
    // A profile of the server is no profile of its clients.
    env: { ...process.env, NODE_OPTIONS: '' },
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, (answer: Answered) => void>();
  let asked = 0;
  child.on('message', (answer: Answered) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  child.once('exit', (code) => {
    for (const [id, settle] of waiting) settle({ id, error: `a client process ended with code ${code}` });
  });
  return {
    sockets: [],
    ask: (order) =>
      new Promise((resolve, reject) => {
        const id = asked++;
        waiting.set(id, (answer) => {
          if ('error' in answer) reject(new Error(answer.error));
          else resolve(answer.collected);
        });
        child.send({ id, order } satisfies Asked, (error) => error && reject(error));
      }),
    end: () => ended(child),
  };
}

/** Cuts its sockets: nothing that is measured depends on how they are closed. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}
