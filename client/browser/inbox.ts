/** The live inbox of one user, as pages use it. */
import { type Backoff, backoffMs } from '../backoff.ts';
import { ActionStore } from './action-store.ts';
import { answerServiceWorker } from './answer-service-worker.ts';
import { InboxConnection } from './inbox-connection.ts';
import { asInboxError, connectionError, HeraldInboxError } from './inbox-error.ts';
import {
  type ActionKind,
  EMPTY,
  type InboxChange,
  type InboxState,
  type PendingAction,
  reduce,
  snapshotOf,
} from './inbox-state.ts';
import type { Inbox, InboxError, InboxOptions, InboxSnapshot } from './inbox-types.ts';
import { type Command, sharing, TabGroup } from './tab-group.ts';
import { claimsOf, TokenKeeper } from './token-keeper.ts';

export { HeraldInboxError } from './inbox-error.ts';
export type {
  Inbox,
  InboxError,
  InboxItem,
  InboxOptions,
  InboxSnapshot,
  InboxStatus,
  TokenSource,
} from './inbox-types.ts';

const PAGE_SIZE = 25;
const MAX_PAGE_SIZE = 100;
/** Of the contract: ids that one mutation takes. */
const MAX_IDS = 1_000;
const TOKEN_BACKOFF: Backoff = { firstMs: 500, longestMs: 10_000 };
/** A replay brings hundreds of messages within a moment: listeners are called this often at most. */
const BURST_MS = 10;

interface Deferred {
  resolve(): void;
  reject(error: HeraldInboxError): void;
}

/**
 * A live inbox of one user. Connects with `start()`.
 * @throws TypeError when `url` is no address. @throws RangeError when `pageSize` is not 1 to 100.
 */
export function createInbox(options: InboxOptions): Inbox {
  const inbox = new LiveInbox(options);
  return {
    subscribe: (listener) => inbox.subscribe(listener),
    getSnapshot: () => inbox.snapshot,
    start: () => inbox.start(),
    loadMore: () => inbox.loadMore(),
    markRead: (ids) => inbox.act('read', ids),
    markUnread: (ids) => inbox.act('unread', ids),
    archive: (ids) => inbox.act('archive', ids),
    markAllRead: () => inbox.actOnAll(),
    close: () => inbox.close(),
  };
}

class LiveInbox {
  readonly #options: InboxOptions;
  readonly #pageSize: number;
  readonly #tokens: TokenKeeper;
  readonly #listeners = new Set<() => void>();
  /** Promises that were given out, by the action's or the command's id. */
  readonly #actions = new Map<string, { readonly action: PendingAction } & Deferred>();
  readonly #mores = new Map<string, Deferred>();
  #state: InboxState = EMPTY;
  #snapshot: { readonly of: InboxState; readonly closed: boolean; readonly value: InboxSnapshot };
  #isStarted = false;
  #isClosed = false;
  #store: ActionStore | undefined;
  #group: TabGroup | undefined;
  #connection: InboxConnection | undefined;
  #burst: ReturnType<typeof setTimeout> | undefined;
  #lastNotified = 0;
  #stopAnswering: () => void = () => undefined;

  constructor(options: InboxOptions) {
    const { url, pageSize = PAGE_SIZE, token } = options;
    new URL(url);
    if (!(Number.isInteger(pageSize) && pageSize >= 1 && pageSize <= MAX_PAGE_SIZE))
      throw new RangeError(`pageSize is 1 to ${MAX_PAGE_SIZE}, not ${pageSize}.`);
    this.#options = options;
    this.#pageSize = pageSize;
    this.#tokens = new TokenKeeper(token);
    this.#snapshot = { of: EMPTY, closed: false, value: snapshotOf(EMPTY, false) };
  }

  get snapshot(): InboxSnapshot {
    const { of, closed } = this.#snapshot;
    if (of !== this.#state || closed !== this.#isClosed)
      this.#snapshot = {
        of: this.#state,
        closed: this.#isClosed,
        value: snapshotOf(this.#state, this.#isClosed),
      };
    return this.#snapshot.value;
  }

  subscribe(listener: () => void): () => void {
    // A function of its own, so that the same listener may be given twice.
    const call = () => listener();
    this.#listeners.add(call);
    return () => this.#listeners.delete(call);
  }

  start(): void {
    if (this.#isClosed) return;
    if (this.#isStarted) {
      if (this.#connection) this.#connection.start();
      else this.#group?.ask({ kind: 'start' });
      return;
    }
    this.#isStarted = true;
    this.#stopAnswering = answerServiceWorker({
      isLive: () => this.#state.status === 'live',
      has: (notification) => this.#state.messages.some((one) => one.notification.id === notification),
      subscribe: (listener) => this.subscribe(listener),
    });
    void this.#join();
  }

  loadMore(): Promise<void> {
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#connection) return this.#connection.loadMore();
    return new Promise((resolve, reject) => {
      const id = newId();
      this.#mores.set(id, { resolve, reject });
      this.#group?.ask({ kind: 'more', id });
    });
  }

  async act(kind: ActionKind, ids: readonly string[]): Promise<void> {
    const unique = [...new Set(ids)];
    const chunks = Array.from({ length: Math.ceil(unique.length / MAX_IDS) }, (_, index) =>
      unique.slice(index * MAX_IDS, (index + 1) * MAX_IDS),
    );
    await Promise.all(chunks.map((chunk) => this.#queue(kind, chunk)));
  }

  actOnAll(): Promise<void> {
    const newest = this.#state.messages[0]?.id;
    return this.#queue('readAll', newest === undefined ? [] : [newest]);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopAnswering();
    this.#connection?.close();
    this.#group?.close();
    const error = closed();
    for (const { reject } of [...this.#actions.values(), ...this.#mores.values()]) reject(error);
    this.#actions.clear();
    this.#mores.clear();
    this.#notify();
    this.#listeners.clear();
  }

  #queue(kind: ActionKind, ids: readonly string[]): Promise<void> {
    if (this.#isClosed) return Promise.reject(closed());
    const action: PendingAction = { id: newId(), kind, ids, at: new Date().toISOString() };
    return new Promise((resolve, reject) => {
      this.#actions.set(action.id, { action, resolve, reject });
      this.#store?.keep(action);
      this.#perform(action);
    });
  }

  /** Shows it, and has it sent: by this tab or by the leader. */
  #perform(action: PendingAction): void {
    this.#change({ type: 'queued', action });
    if (this.#connection) this.#connection.flush();
    else this.#group?.ask({ kind: 'act', action });
  }

  /** Finds out whose inbox it is, and then which tab keeps it. */
  async #join(): Promise<void> {
    const token = await this.#firstToken();
    if (token === undefined || this.#isClosed) return;
    const owner = claimsOf(token)?.owner;
    if (owner === undefined) {
      this.#lead();
      return;
    }
    const { href } = new URL(this.#options.url);
    const name = `herald:${href}:${owner}`;
    this.#store = new ActionStore(name);
    for (const { action } of this.#actions.values()) this.#store.keep(action);
    const shared = this.#options.shareSocket === false ? undefined : sharing();
    if (!shared) {
      this.#lead();
      return;
    }
    this.#group = new TabGroup(
      {
        name,
        state: () => this.#state,
        onLead: () => this.#lead(),
        onCommand: (command) => this.#obey(command),
        onChange: (change) => this.#apply(change),
        onState: (state) => this.#follow(state),
        onDone: (id, error) => this.#settleMore(id, error),
      },
      shared,
    );
  }

  /** Asks until there is one. */
  async #firstToken(): Promise<string | undefined> {
    for (let failures = 1; !this.#isClosed; failures++)
      try {
        return await this.#tokens.get();
      } catch (error) {
        this.#apply({ type: 'status', status: 'offline', error: asInboxError(error).plain });
        await new Promise((resolve) => setTimeout(resolve, backoffMs(failures, TOKEN_BACKOFF)));
      }
    return undefined;
  }

  #lead(): void {
    if (this.#isClosed) return;
    const connection = new InboxConnection({
      url: this.#options.url,
      pageSize: this.#pageSize,
      tokens: this.#tokens,
      state: () => this.#state,
      change: (change) => this.#change(change),
    });
    this.#connection = connection;
    this.#change({ type: 'status', status: 'connecting' });
    for (const action of this.#store?.load() ?? []) this.#change({ type: 'queued', action });
    connection.start();
    for (const id of this.#mores.keys()) this.#more(connection, id);
  }

  /** As the leader, for another tab. */
  #obey(command: Command): void {
    const connection = this.#connection;
    if (!connection) return;
    if (command.kind === 'start') connection.start();
    else if (command.kind === 'act') this.#perform(command.action);
    else this.#more(connection, command.id);
  }

  #more(connection: InboxConnection, id: string): void {
    const done = (error?: InboxError) => {
      this.#group?.tellDone(id, error);
      this.#settleMore(id, error);
    };
    connection.loadMore().then(
      () => done(),
      (error: unknown) => {
        // Another tab goes on with what this one leaves.
        if (!this.#isClosed) done(asInboxError(error).plain);
      },
    );
  }

  /** Takes over what the leader has; what this tab still waits for, the leader is told once more. */
  #follow(state: InboxState): void {
    const missing = [...this.#actions.values()].filter(
      ({ action }) => !state.pending.some(({ id }) => id === action.id),
    );
    this.#state = { ...state, pending: [...state.pending, ...missing.map(({ action }) => action)] };
    this.#notify();
    for (const { action } of missing) this.#group?.ask({ kind: 'act', action });
    for (const id of this.#mores.keys()) this.#group?.ask({ kind: 'more', id });
  }

  /** What happened here: the other tabs are told. */
  #change(change: InboxChange): void {
    this.#apply(change);
    this.#group?.tell(change);
  }

  #apply(change: InboxChange): void {
    const before = this.#state;
    this.#state = reduce(before, change);
    if (change.type === 'confirmed' || change.type === 'refused') {
      this.#store?.drop(change.id);
      const waiting = this.#actions.get(change.id);
      this.#actions.delete(change.id);
      if (change.type === 'confirmed') waiting?.resolve();
      else waiting?.reject(new HeraldInboxError(change.error));
    }
    if (this.#state === before) return;
    if (change.type === 'event') this.#notifySoon();
    else this.#notify();
  }

  #settleMore(id: string, error: InboxError | undefined): void {
    const waiting = this.#mores.get(id);
    this.#mores.delete(id);
    if (error) waiting?.reject(new HeraldInboxError(error));
    else waiting?.resolve();
  }

  #notifySoon(): void {
    if (this.#burst !== undefined) return;
    const left = this.#lastNotified + BURST_MS - Date.now();
    if (left <= 0) this.#notify();
    else this.#burst = setTimeout(() => this.#notify(), left);
  }

  #notify(): void {
    clearTimeout(this.#burst);
    this.#burst = undefined;
    this.#lastNotified = Date.now();
    for (const listener of [...this.#listeners])
      try {
        listener();
      } catch (error) {
        // The page's own fault must not end the connection, nor keep the others from hearing.
        console.error('herald: a listener failed', error);
      }
  }
}

const closed = (): HeraldInboxError => connectionError('The inbox was closed.');

let lastAt = 0;
/** Orders by time within a tab, and differs over tabs. Without `crypto.randomUUID`, which plain http has not. */
function newId(): string {
  lastAt = Math.max(lastAt + 1, Date.now());
  return `${lastAt.toString(36).padStart(9, '0')}-${Math.random().toString(36).slice(2, 10)}`;
}
