/**
 * The client: offers messages at a fixed rate whatever becomes of them (open loop), writes down each one before it
 * sends it and each acknowledgement after it has got it, and repeats what is not acknowledged, with the same key.
 */
import { join } from 'node:path';
import { Agent, request } from 'undici';
import type { Cluster } from '../cluster/cluster.ts';
import { Journal } from '../provider/journal.ts';
import { type LoadChannel, type Message, messageOf } from './mix.ts';

/** A line of `sent.jsonl`: written before the first request. */
export interface SentEntry {
  readonly key: string;
  readonly user: string;
  readonly channels: readonly LoadChannel[];
  readonly kind: Message['kind'];
  readonly priority: Message['priority'];
  readonly at: number;
  readonly sendAt?: number;
  readonly expiresAt?: number;
}
/** A line of `acknowledged.jsonl`: written after the answer. */
export interface AcknowledgedEntry {
  readonly key: string;
  readonly notification: string;
  readonly at: number;
}
/** A line of `canceled.jsonl`: the system said that it was cancelled in time. */
export interface CanceledEntry {
  readonly key: string;
  readonly at: number;
}
/** An answer, or the want of one, that made the client try again or give up. */
export interface FailedRequest {
  readonly at: number;
  /** When the request was sent. */
  readonly sentAt: number;
  readonly gateway: string;
  /** A code of the contract, or what the connection said. */
  readonly what: string;
}
/** From the moment that a message was due to its acknowledgement, repeats and all. */
export interface Latency {
  readonly dueAt: number;
  readonly ms: number;
}

export interface LoadOptions {
  readonly cluster: Cluster;
  readonly apiKey: string;
  /** Starts every key: no other run uses it. */
  readonly prefix: string;
  /** An existing folder for the journals. */
  readonly dir: string;
  readonly ratePerSecond: number;
  /** The n-th message; that of the suite's mix without. Its key begins with the prefix. */
  readonly messageOf?: (prefix: string, n: number) => Message;
}

const TICK_MS = 10;
/** Of 20 messages in a row these 5 travel in one request. */
const BATCH = { every: 20, size: 5 };
const REQUEST_MS = 5_000;
const TRIES = 8;
/** Fixed, as a simple client has it. */
const PAUSE_MS = 500;
/** How long a person takes to think better of a message. */
const CANCEL_AFTER_MS = 300;

const SEND =
  'mutation Send($input: SendNotificationInput!) { sendNotification(input: $input) { notification { id } } }';
const SEND_MANY =
  'mutation SendMany($inputs: [SendNotificationInput!]!) { sendNotifications(inputs: $inputs) { notification { id } error { code field message } } }';
const CANCEL = 'mutation Cancel($id: ID!) { cancelNotification(id: $id) { state } }';

interface GraphAnswer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}
type Outcome = { readonly id: string } | { readonly code: string };

/** Those mean that the very request is wrong: repeating it would not help. */
const FINAL = new Set(['BAD_USER_INPUT', 'CONFLICT', 'FORBIDDEN', 'UNAUTHENTICATED', 'NOT_FOUND']);

type Journals = Readonly<Record<'sent' | 'acknowledged' | 'canceled', Journal>>;

export class Load {
  readonly #options: LoadOptions;
  readonly #journals: Journals;
  readonly #agent = new Agent({ connections: 128, pipelining: 1, keepAliveTimeout: 4_000 });
  readonly #outstanding = new Set<Promise<void>>();
  readonly #troubles: unknown[] = [];
  readonly failed: FailedRequest[] = [];
  readonly latencies: Latency[] = [];
  /** Keys whose very request was refused, with the code. */
  readonly refused = new Map<string, string>();
  /** Keys that the client gave up. */
  readonly givenUp = new Set<string>();
  acknowledged = 0;
  sent = 0;
  #next = 0;
  #ticking: NodeJS.Timeout | undefined;
  #batch: Message[] = [];

  private constructor(options: LoadOptions, journals: Journals) {
    this.#options = options;
    this.#journals = journals;
  }

  static async open(options: LoadOptions): Promise<Load> {
    const journal = (name: string) => Journal.open(join(options.dir, `${name}.jsonl`));
    return new Load(options, {
      sent: await journal('sent'),
      acknowledged: await journal('acknowledged'),
      canceled: await journal('canceled'),
    });
  }

  /** Offers messages from now on. */
  start(): void {
    const startedAt = performance.now();
    const first = this.#next;
    const make = this.#options.messageOf ?? messageOf;
    const tick = () => {
      const due = first + Math.floor(((performance.now() - startedAt) / 1000) * this.#options.ratePerSecond);
      while (this.#next < due) this.#offer(make(this.#options.prefix, this.#next++));
    };
    this.#ticking = setInterval(tick, TICK_MS);
  }

  /** Offers no more, and waits until every message is acknowledged or given up. @throws what a journal threw. */
  async stop(): Promise<void> {
    clearInterval(this.#ticking);
    this.#flush();
    // A message that is acknowledged may have a cancel after it.
    while (this.#outstanding.size > 0) await Promise.all(this.#outstanding);
    if (this.#troubles.length > 0) throw this.#troubles[0];
  }

  /** Sends one message besides the mix, as the mix is sent. Resolves when it is acknowledged or given up. */
  async extra(message: Message): Promise<void> {
    await this.#track([message]);
    if (this.#troubles.length > 0) throw this.#troubles[0];
  }

  async close(): Promise<void> {
    clearInterval(this.#ticking);
    await Promise.all(Object.values(this.#journals).map((journal) => journal.close()));
    await this.#agent.destroy();
  }

  #offer(message: Message): void {
    const place = (this.#next - 1) % BATCH.every;
    if (place >= BATCH.size) {
      void this.#track([message]);
      return;
    }
    this.#batch.push(message);
    if (place === BATCH.size - 1) this.#flush();
  }

  #flush(): void {
    if (this.#batch.length > 0) void this.#track(this.#batch);
    this.#batch = [];
  }

  #track(messages: readonly Message[]): Promise<void> {
    return this.#keep(this.#deliver(messages));
  }

  /** Work that `stop` waits for. */
  #keep(of: Promise<void>): Promise<void> {
    const work = of.catch((error: unknown) => void this.#troubles.push(error));
    this.#outstanding.add(work);
    return work.finally(() => this.#outstanding.delete(work));
  }

  async #deliver(messages: readonly Message[]): Promise<void> {
    const dueAt = Date.now();
    const entries = messages.map((message) => sentEntry(message, dueAt));
    await Promise.all(entries.map((entry) => this.#journals.sent.write(entry)));
    this.sent += entries.length;
    let open = entries;
    for (let tries = 1; open.length > 0; tries++) {
      const outcomes = await this.#send(open);
      const again: SentEntry[] = [];
      for (const [index, entry] of open.entries()) {
        const outcome = outcomes[index] ?? { code: 'NO_ANSWER' };
        if ('id' in outcome) await this.#acknowledge(entry, outcome.id, dueAt);
        else if (FINAL.has(outcome.code)) this.refused.set(entry.key, outcome.code);
        else again.push(entry);
      }
      open = again;
      if (tries >= TRIES) break;
      if (open.length > 0) await pause(PAUSE_MS);
    }
    for (const { key } of open) this.givenUp.add(key);
  }

  async #acknowledge(entry: SentEntry, notification: string, dueAt: number): Promise<void> {
    const at = Date.now();
    this.latencies.push({ dueAt, ms: at - dueAt });
    await this.#journals.acknowledged.write({ key: entry.key, notification, at });
    this.acknowledged += 1;
    // Others of the same request are not to wait for it.
    if (entry.kind === 'canceled') void this.#keep(this.#cancel(entry.key, notification));
  }

  async #cancel(key: string, id: string): Promise<void> {
    await pause(CANCEL_AFTER_MS);
    for (let tries = 1; tries <= TRIES; tries++) {
      const answer = await this.#ask(CANCEL, { id });
      const done = answer.data?.cancelNotification as { state: string } | undefined;
      if (done?.state === 'CANCELED') {
        await this.#journals.canceled.write({ key, at: Date.now() });
        return;
      }
      if (done !== undefined || FINAL.has(codeOf(answer))) return;
      await pause(PAUSE_MS);
    }
  }

  async #send(entries: readonly SentEntry[]): Promise<Outcome[]> {
    const inputs = entries.map(inputOf);
    if (inputs.length === 1) {
      const answer = await this.#ask(SEND, { input: inputs[0] });
      const sent = answer.data?.sendNotification as { notification: { id: string } } | undefined;
      return [sent ? { id: sent.notification.id } : { code: codeOf(answer) }];
    }
    const answer = await this.#ask(SEND_MANY, { inputs });
    const results = answer.data?.sendNotifications as
      | readonly { notification: { id: string } | null; error: { code: string } | null }[]
      | undefined;
    if (!results) return entries.map(() => ({ code: codeOf(answer) }));
    return results.map(({ notification, error }) =>
      notification ? { id: notification.id } : { code: error?.code ?? 'NO_ANSWER' },
    );
  }

  /** One request to the gateway whose turn it is. What fails is noted, and answered as an error with its code. */
  async #ask(query: string, variables: object): Promise<GraphAnswer> {
    const sentAt = Date.now();
    const gateway = this.#options.cluster.gateway();
    const failed = (what: string): GraphAnswer => {
      this.failed.push({ at: Date.now(), sentAt, gateway: gateway?.name ?? 'none', what });
      return { errors: [{ message: what, extensions: { code: what } }] };
    };
    if (!gateway) return failed('NO_GATEWAY_READY');
    try {
      const { statusCode, body } = await request(`${gateway.url}/graphql`, {
        dispatcher: this.#agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${this.#options.apiKey}`,
        },
        body: JSON.stringify({ query, variables }),
        signal: AbortSignal.timeout(REQUEST_MS),
      });
      const text = await body.text();
      const answer = parsed(text);
      if (answer === undefined) return failed(`HTTP ${statusCode}`);
      if (answer.errors) failed(codeOf(answer));
      return answer;
    } catch (error) {
      return failed(nameOf(error));
    }
  }
}

function sentEntry(message: Message, at: number): SentEntry {
  return {
    key: message.key,
    user: message.user,
    channels: message.channels,
    kind: message.kind,
    priority: message.priority,
    at,
    ...(message.sendAfterMs !== undefined && { sendAt: at + message.sendAfterMs }),
    ...(message.expiresAfterMs !== undefined && { expiresAt: at + message.expiresAfterMs }),
  };
}

/** The same for every repeat: times are those of the first. */
const inputOf = (entry: SentEntry) => ({
  idempotencyKey: entry.key,
  content: { title: entry.key, body: entry.key },
  to: [{ user: entry.user }],
  channels: entry.channels,
  priority: entry.priority,
  ...(entry.sendAt !== undefined && { sendAt: new Date(entry.sendAt).toISOString() }),
  ...(entry.expiresAt !== undefined && { expiresAt: new Date(entry.expiresAt).toISOString() }),
});

const codeOf = ({ errors }: GraphAnswer): string => errors?.[0]?.extensions?.code ?? 'NO_ANSWER';

/** Undefined for what is no answer of a GraphQL server. */
function parsed(text: string): GraphAnswer | undefined {
  try {
    const answer = JSON.parse(text) as GraphAnswer;
    return answer.data || answer.errors ? answer : undefined;
  } catch {
    return undefined;
  }
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
