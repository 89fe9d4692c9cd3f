/** Sends notifications from Node: many at a time, again after failures, each once. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backoff, backoffMs } from '../backoff.ts';
import { HeraldConnectionError, HeraldRequestError } from '../errors.ts';
import type { SendManyMutation } from '../generated/operations.ts';
import {
  HeraldClient,
  type HeraldClientOptions,
  type RequestOptions,
  type SendInput,
  type Sent,
} from '../herald-client.ts';
import type { OtpCode, OtpInput, OtpRequested, OtpVerified } from '../one-time-passwords.ts';
import { batchesOf, fieldOfOne, isBadInput, isRetryable, MAX_INPUTS, namedInputs } from './batch.ts';

export interface HeraldOptions extends HeraldClientOptions {
  /** How long a send waits for others to share its request, in milliseconds. Usually 5. */
  readonly batchDelayMs?: number;
  /** How long a send is tried again before it fails, in milliseconds. Usually 60,000; 0 tries once. */
  readonly retryForMs?: number;
}

const SEND_MANY = /* GraphQL */ `
  mutation SendMany($inputs: [SendNotificationInput!]!) {
    sendNotifications(inputs: $inputs) {
      deduplicated
      notification {
        id
        state
      }
      error {
        code
        field
        message
      }
    }
  }
`;

const BATCH_DELAY_MS = 5;
const RETRY_FOR_MS = 60_000;
const BACKOFF: Backoff = { firstMs: 200, longestMs: 10_000 };
/** Requests under way at a time: what comes meanwhile gathers for the next. */
const MAX_REQUESTS = 4;

type Result = SendManyMutation['sendNotifications'][number];

interface Entry {
  readonly input: SendInput;
  readonly bytes: number;
  readonly deadline: number;
  isSettled: boolean;
  failures: number;
  settle(result: Sent): void;
  fail(error: unknown): void;
}

export class Herald {
  readonly #client: HeraldClient;
  readonly #batchDelayMs: number;
  readonly #retryForMs: number;
  readonly #open = new Set<Promise<unknown>>();
  #waiting: Entry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #requests = 0;
  #isClosed = false;

  /** @throws TypeError when `url` is none. */
  constructor({ batchDelayMs = BATCH_DELAY_MS, retryForMs = RETRY_FOR_MS, ...options }: HeraldOptions) {
    this.#client = new HeraldClient(options);
    this.#batchDelayMs = batchDelayMs;
    this.#retryForMs = retryForMs;
  }

  /**
   * Sends one notification, together with others that are sent in the same moment. When this returns it is stored
   * durably. After UNAVAILABLE, RATE_LIMITED, an error of the server or no answer it is tried again for `retryForMs`,
   * with the same idempotency key (made here where the input has none), so it is sent once.
   * @param options with a `signal` that ends the waiting: what is already under way may be sent nevertheless.
   * @throws HeraldRequestError its `code` and `field` say what is wrong. @throws HeraldConnectionError no answer.
   */
  send(input: SendInput, { signal }: RequestOptions = {}): Promise<Sent> {
    if (this.#isClosed) return Promise.reject(new HeraldConnectionError('This client is closed.'));
    if (signal?.aborted) return Promise.reject(signal.reason);
    const sent = new Promise<Sent>((resolve, reject) => {
      const keyed = { ...input, idempotencyKey: input.idempotencyKey ?? randomUUID() };
      const settled = () => {
        entry.isSettled = true;
        signal?.removeEventListener('abort', abort);
      };
      const entry: Entry = {
        input: keyed,
        bytes: Buffer.byteLength(JSON.stringify(keyed)),
        deadline: Date.now() + this.#retryForMs,
        isSettled: false,
        failures: 0,
        settle: (result) => {
          settled();
          resolve(result);
        },
        fail: (error) => {
          settled();
          reject(error);
        },
      };
      const abort = () => entry.fail(signal?.reason);
      signal?.addEventListener('abort', abort, { once: true });
      this.#add(entry);
    });
    this.#open.add(sent);
    const forget = () => this.#open.delete(sent);
    sent.then(forget, forget);
    return sent;
  }

  /**
   * Makes a one-time password and sends it. After UNAVAILABLE, an error of the server or no answer it is tried again
   * for `retryForMs`, with the same idempotency key, so that one code is made. RATE_LIMITED is told at once: it says
   * when the person may ask again.
   * @throws HeraldRequestError, HeraldConnectionError.
   */
  async requestOtp(input: OtpInput, options: RequestOptions = {}): Promise<OtpRequested> {
    const keyed = { ...input, idempotencyKey: input.idempotencyKey ?? randomUUID() };
    const deadline = Date.now() + this.#retryForMs;
    for (let failures = 1; ; failures++) {
      try {
        return await this.#client.requestOtp(keyed, options);
      } catch (error) {
        const pause = backoffMs(failures, BACKOFF);
        const isLimit = error instanceof HeraldRequestError && error.code === 'RATE_LIMITED';
        if (isLimit || !isRetryable(error) || Date.now() + pause > deadline) throw error;
        await sleep(pause, undefined, options.signal && { signal: options.signal });
      }
    }
  }

  /**
   * Whether this is the code; never tried again, as the right one counts once.
   * @throws HeraldRequestError, HeraldConnectionError.
   */
  verifyOtp(code: OtpCode, options: RequestOptions = {}): Promise<OtpVerified> {
    return this.#client.verifyOtp(code, options);
  }

  /** Waits until all that was sent so far is settled. Never rejects: each send tells its own failure. */
  async flush(): Promise<void> {
    this.#sendWaiting();
    await Promise.allSettled(this.#open);
  }

  /** Takes no more sends, and waits for those under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
    this.#client.close();
  }

  #add(entry: Entry): void {
    this.#waiting.push(entry);
    if (this.#waiting.length >= MAX_INPUTS) this.#sendWaiting();
    else this.#timer ??= setTimeout(() => this.#sendWaiting(), this.#batchDelayMs);
  }

  #sendWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batches = batchesOf(this.#waiting.filter(({ isSettled }) => !isSettled));
    const now = batches.slice(0, MAX_REQUESTS - this.#requests);
    this.#waiting = batches.slice(now.length).flat();
    for (const batch of now) void this.#request(batch);
  }

  /** Never rejects. */
  async #request(batch: readonly Entry[]): Promise<void> {
    this.#requests += 1;
    try {
      await this.#deliver(batch);
    } finally {
      this.#requests -= 1;
      if (this.#waiting.length > 0) this.#sendWaiting();
    }
  }

  async #deliver(batch: readonly Entry[]): Promise<void> {
    try {
      const { sendNotifications: results } = await this.#client.request<SendManyMutation>(SEND_MANY, {
        inputs: batch.map(({ input }) => input),
      });
      this.#again(
        batch.flatMap((entry, index) => {
          const error = outcomeOf(entry, results[index]);
          return error ? [{ entry, error }] : [];
        }),
      );
    } catch (error) {
      if (isBadInput(error)) await this.#deliverWithout(batch, error);
      else this.#again(batch.map((entry) => ({ entry, error })));
    }
  }

  /**
   * A request that holds an input which is not even of the right type is refused whole, before anything is sent. Those
   * that the refusal names fail, the others go again; where it names none, each half tells by itself.
   */
  async #deliverWithout(batch: readonly Entry[], error: HeraldRequestError): Promise<void> {
    const named = namedInputs(error);
    for (const [index, one] of named) batch[index]?.fail(one);
    const rest = batch.filter((_, index) => !named.has(index));
    if (rest.length < batch.length) {
      if (rest.length > 0) await this.#deliver(rest);
    } else if (batch.length === 1) batch[0]?.fail(error);
    else {
      const half = Math.ceil(batch.length / 2);
      await this.#deliver(batch.slice(0, half));
      await this.#deliver(batch.slice(half));
    }
  }

  /** Waits, or gives up. What failed together goes again together. */
  #again(failed: readonly { readonly entry: Entry; readonly error: unknown }[]): void {
    const chance = Math.random();
    const groups = new Map<number, Entry[]>();
    for (const { entry, error } of failed) {
      if (entry.isSettled) continue;
      entry.failures += 1;
      const asked = error instanceof HeraldRequestError ? (error.retryAfterMs ?? 0) : 0;
      const pause = Math.max(asked, backoffMs(entry.failures, BACKOFF, chance));
      if (!isRetryable(error) || Date.now() + pause > entry.deadline) entry.fail(error);
      else {
        const group = groups.get(pause) ?? [];
        group.push(entry);
        groups.set(pause, group);
      }
    }
    for (const [pause, entries] of groups)
      setTimeout(() => {
        for (const entry of entries) this.#add(entry);
      }, pause);
  }
}

/** Settles what was sent. @returns why one was not. */
function outcomeOf(entry: Entry, result: Result | undefined): HeraldRequestError | undefined {
  if (result?.notification) {
    const { notification, deduplicated } = result;
    entry.settle({ id: notification.id, state: notification.state, deduplicated });
    return undefined;
  }
  const { code, field, message } = result?.error ?? {
    code: 'INTERNAL_SERVER_ERROR',
    message: 'Herald did not answer for this input.',
  };
  const extensions = { code, ...(field != null && { field: fieldOfOne(field) }) };
  return new HeraldRequestError([{ message, extensions }]);
}
