/**
 * Keeps one inbox current: connects, resumes where it was, sends what waits, and does so again after every loss. What
 * it learns it tells as changes; it holds no state of the inbox itself.
 */
import { type Backoff, backoffMs } from '../backoff.ts';
import { browser, listenTo } from './environment.ts';
import { GraphqlSocket } from './graphql-socket.ts';
import {
  asInboxError,
  CONNECTION,
  connectionError,
  type HeraldInboxError,
  UNAUTHENTICATED,
} from './inbox-error.ts';
import type { ActionKind, InboxChange, InboxState, PendingAction } from './inbox-state.ts';
import type { InboxOptions } from './inbox-types.ts';
import {
  ARCHIVE,
  INBOX_EVENTS,
  INBOX_PAGE,
  MARK_ALL_READ,
  MARK_READ,
  MARK_UNREAD,
  type Operation,
} from './operations.ts';
import { DeviceSeen } from './push/device-seen.ts';
import type { TokenKeeper } from './token-keeper.ts';

const BACKOFF: Backoff = { firstMs: 500, longestMs: 10_000 };
/**
 * Whoever loses a good connection may be one of thousands that lose theirs (a gateway has ended): they come back over
 * so long. Where this browser's own network was away, its return ends the pause.
 */
const SPREAD_MS = 3_000;
/** A connection that held this long was a good one: after it, pauses start short again. */
const STABLE_MS = 5_000;
/**
 * Herald does not say when a subscription has begun, and does not repeat what was marked meanwhile. So a while after
 * each start the newest page is looked at once more.
 */
const SETTLED_MS = 700;
/** For so long after a start it is looked at again: when something changed while it was on its way, or was done here. */
const UNSETTLED_MS = 10_000;
/** After a page comes back to sight, a dead connection is to be noticed soon. */
const PROBE_MS = 3_000;
const MAX_PAGE = 100;
/** Tries of an action that Herald fails to do by its own fault. */
const MAX_FAULTS = 5;

const MARK: Readonly<Record<ActionKind, Operation<unknown>>> = {
  read: MARK_READ,
  unread: MARK_UNREAD,
  archive: ARCHIVE,
  readAll: MARK_ALL_READ,
};
/** Codes by which Herald asks to try again. */
const AGAIN = new Set([CONNECTION, 'UNAVAILABLE', 'RATE_LIMITED', 'INTERNAL_SERVER_ERROR', UNAUTHENTICATED]);

export interface InboxConnectionOptions {
  readonly url: string;
  readonly pageSize: NonNullable<InboxOptions['pageSize']>;
  readonly tokens: TokenKeeper;
  state(): InboxState;
  /** Takes effect on `state()` at once. */
  change(change: InboxChange): void;
}

interface Session {
  readonly socket: GraphqlSocket;
  /** Why it is over. */
  readonly ended: Promise<HeraldInboxError>;
  close(): void;
  /** An action was answered: its event may have been missed while the subscription began, so the count is looked up. */
  onConfirmed(): void;
}

export class InboxConnection {
  readonly #options: InboxConnectionOptions;
  readonly #stopListening: (() => void)[];
  readonly #liveWaiters: { live(session: Session): void; over(error: HeraldInboxError): void }[] = [];
  readonly #deviceSeen = new DeviceSeen();
  #session: Session | undefined;
  #running = false;
  #closed = false;
  #flushing = false;
  /** End the present pauses. */
  readonly #wakers = new Set<() => void>();
  /** On its way to be a session. */
  #opening: GraphqlSocket | undefined;
  /** Ids that events told of while a page was on its way. */
  readonly #touched = new Set<Set<string>>();
  #loadingMore: Promise<void> | undefined;

  constructor(options: InboxConnectionOptions) {
    this.#options = options;
    this.#stopListening = [
      listenTo(browser, 'online', () => this.#wake()),
      listenTo(browser, 'offline', () => this.#session?.socket.probe(PROBE_MS)),
      listenTo(browser.document, 'visibilitychange', () => {
        if (browser.document?.visibilityState !== 'visible') return;
        this.#wake();
        this.#session?.socket.probe(PROBE_MS);
        if (this.#session) void this.#deviceSeen.tell(this.#session.socket);
      }),
    ];
  }

  /** Connects; does nothing while it does so already. */
  start(): void {
    if (this.#running || this.#closed) return;
    this.#running = true;
    void this.#run();
  }

  close(): void {
    this.#closed = true;
    for (const stop of this.#stopListening) stop();
    this.#wake();
    this.#session?.close();
    this.#opening?.close();
    const error = connectionError('The inbox was closed.');
    for (const { over } of this.#liveWaiters.splice(0)) over(error);
  }

  /** Sends what waits. */
  flush(): void {
    if (this.#session && !this.#flushing) void this.#flush();
  }

  /** Waits for a connection. @throws HeraldInboxError when Herald refuses, or after `close()`. */
  loadMore(): Promise<void> {
    this.#loadingMore ??= this.#loadMore().finally(() => {
      this.#loadingMore = undefined;
    });
    return this.#loadingMore;
  }

  async #loadMore(): Promise<void> {
    const { socket } = this.#session ?? (await this.#live());
    const { older, hasMore } = this.#options.state();
    if (!hasMore) return;
    const { inbox } = await socket.request(INBOX_PAGE, { first: this.#options.pageSize, after: older });
    this.#options.change({ type: 'older', page: inbox });
  }

  #live(): Promise<Session> {
    if (this.#closed) return Promise.reject(connectionError('The inbox was closed.'));
    return new Promise((live, over) => this.#liveWaiters.push({ live, over }));
  }

  async #run(): Promise<void> {
    const { tokens, change } = this.#options;
    let failures = 0;
    /** A token that was asked for anew after a refusal, and refused too, will not get better. */
    let refusals = 0;
    while (!this.#closed) {
      const openedAt = Date.now();
      const error = await this.#connected();
      if (this.#closed) return;
      if (Date.now() - openedAt > STABLE_MS) {
        failures = 0;
        refusals = 0;
      }
      if (error.code === UNAUTHENTICATED) {
        tokens.drop();
        refusals += 1;
        if (!tokens.renewable || refusals > 1) {
          // Before it is told: whoever hears it may start again at once.
          this.#running = false;
          change({ type: 'status', status: 'signed-out', error: error.plain });
          for (const { over } of this.#liveWaiters.splice(0)) over(error);
          return;
        }
        continue;
      }
      const pauseMs = failures === 0 ? SPREAD_MS * Math.random() : backoffMs(failures, BACKOFF);
      failures += 1;
      change({ type: 'status', status: 'offline', error: error.plain });
      await this.#pause(Math.max(error.retryAfterMs ?? 0, pauseMs));
      if (!this.#closed) change({ type: 'status', status: 'connecting' });
    }
  }

  /** Stays connected, over as many tokens as there are. Resolves with what ended it. */
  async #connected(): Promise<HeraldInboxError> {
    let session: Session | undefined;
    try {
      for (;;) {
        // The next one is open before the last one closes: a new token interrupts nothing.
        const next = await this.#open();
        session?.close();
        session = next;
        this.#session = next;
        if (this.#closed) return connectionError('The inbox was closed.');
        this.#options.change({ type: 'status', status: 'live' });
        for (const { live } of this.#liveWaiters.splice(0)) live(next);
        this.flush();
        void this.#deviceSeen.tell(next.socket);
        const ended = await endOrTime(next.ended, this.#options.tokens.renewAt);
        if (ended) return ended;
      }
    } catch (error) {
      return asInboxError(error);
    } finally {
      session?.close();
      this.#session = undefined;
    }
  }

  async #open(): Promise<Session> {
    const { url, tokens, state, change } = this.#options;
    const token = await tokens.get();
    if (this.#closed) throw connectionError('The inbox was closed.');
    const socket = new GraphqlSocket({ url, token });
    this.#opening = socket;
    try {
      await socket.ready;
      if (!state().loaded) await this.#loadNewest(socket);
    } catch (error) {
      socket.close();
      throw error;
    } finally {
      this.#opening = undefined;
    }
    let settle: ReturnType<typeof setTimeout> | undefined;
    const close = (reason?: HeraldInboxError) => {
      clearTimeout(settle);
      socket.close(reason);
    };
    const { cursor } = state();
    socket.subscribe(
      INBOX_EVENTS,
      { after: cursor },
      {
        next: ({ inboxEvents }) => {
          for (const touched of this.#touched) touched.add(inboxEvents.message.id);
          change({ type: 'event', event: inboxEvents });
        },
        error: (error) => {
          if (error.code === 'BAD_USER_INPUT' && cursor !== null) change({ type: 'forgotten' });
          close(error);
        },
        complete: () => close(connectionError('Herald ended the subscription.')),
      },
    );
    const openedAt = Date.now();
    const settleSoon = () => {
      clearTimeout(settle);
      settle = setTimeout(
        () => {
          this.#loadNewest(socket).then(
            (isClean) => {
              if (!isClean && Date.now() - openedAt < UNSETTLED_MS) settleSoon();
            },
            (error: unknown) => close(asInboxError(error)),
          );
        },
        SETTLED_MS * (1 + Math.random()),
      );
    };
    settleSoon();
    const onConfirmed = () => {
      if (Date.now() - openedAt < UNSETTLED_MS) settleSoon();
    };
    return { socket, ended: socket.ended, close, onConfirmed };
  }

  /** @returns whether nothing changed on the way: then the count is as Herald says. */
  async #loadNewest(socket: GraphqlSocket): Promise<boolean> {
    const { pageSize, state, change } = this.#options;
    const touched = new Set<string>();
    this.#touched.add(touched);
    try {
      const first = Math.min(MAX_PAGE, Math.max(pageSize, state().messages.length));
      const { inbox } = await socket.request(INBOX_PAGE, { first });
      change({ type: 'newest', page: inbox, except: [...touched] });
      return touched.size === 0;
    } finally {
      this.#touched.delete(touched);
    }
  }

  /** One after the other, in the order in which they were done. */
  async #flush(): Promise<void> {
    this.#flushing = true;
    let faults = 0;
    try {
      for (;;) {
        const session = this.#session;
        const [action] = this.#options.state().pending;
        if (!session || !action) return;
        const error = await this.#perform(session, action);
        if (!error) {
          faults = 0;
          continue;
        }
        // The session ends by itself, and the next one sends it again.
        if (error.code === CONNECTION) return;
        if (error.code === UNAUTHENTICATED) {
          session.socket.close(error);
          return;
        }
        faults += 1;
        await this.#pause(error.retryAfterMs ?? backoffMs(faults, BACKOFF));
        if (error.code === 'INTERNAL_SERVER_ERROR' && faults >= MAX_FAULTS) this.#refuse(action, error);
      }
    } finally {
      this.#flushing = false;
    }
  }

  /** @returns why it is to be tried again; nothing when it is settled, either way. */
  async #perform(session: Session, action: PendingAction): Promise<HeraldInboxError | undefined> {
    const { change } = this.#options;
    change({ type: 'sent', id: action.id });
    try {
      await session.socket.request(MARK[action.kind], action.kind === 'readAll' ? {} : { ids: action.ids });
      for (const touched of this.#touched) for (const id of action.ids) touched.add(id);
      change({ type: 'confirmed', id: action.id });
      session.onConfirmed();
      return undefined;
    } catch (thrown) {
      const error = asInboxError(thrown);
      if (AGAIN.has(error.code)) return error;
      this.#refuse(action, error);
      return undefined;
    }
  }

  /** What it had seemed to change is looked up. */
  #refuse(action: PendingAction, error: HeraldInboxError): void {
    this.#options.change({ type: 'refused', id: action.id, error: error.plain });
    const socket = this.#session?.socket;
    if (socket) this.#loadNewest(socket).catch((reason: unknown) => socket.close(asInboxError(reason)));
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      this.#wakers.add(wake);
    });
  }

  #wake(): void {
    for (const wake of this.#wakers) wake();
  }
}

/** Longest delay of a timer (2^31 - 1 ms); longer ones fire at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** @returns undefined when the time `at` (Unix, milliseconds; infinite for never) comes first. */
async function endOrTime<T>(end: Promise<T>, at: number): Promise<T | undefined> {
  for (;;) {
    const left = at - Date.now();
    if (left <= 0) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const time = new Promise<'later'>((resolve) => {
      timer = setTimeout(() => resolve('later'), Math.min(left, LONGEST_TIMER_MS));
    });
    const first = await Promise.race([end, time]);
    clearTimeout(timer);
    if (first !== 'later') return first as T;
  }
}
