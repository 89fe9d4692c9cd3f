/**
 * A live inbox without gap or duplicate. Pub/sub says that something happened; the store says what, and in
 * which order: messages are given out by their numbers, and where a number is skipped (events of several
 * processes overtake each other, or one was lost) what lies between is read from the store first.
 */
import { HeraldError } from '../../../platform/errors/herald-error.ts';
import { withStartCursor } from '../../../platform/graphql/start-cursor.ts';
import type { InboxEventRecord } from '../inbox/inbox-events.ts';
import { type InboxOwner, type InboxService, inboxOf } from '../inbox/inbox-service.ts';
import { messageKey, publicMessageId } from '../inbox/message-ids.ts';
import { type AsyncQueue, asyncQueue } from './async-queue.ts';
import type { InboxHub } from './inbox-hub.ts';

const PAGE = 200;
const MAX_WAITING = 1_000;

/**
 * @param after number of the last message that the caller has; without it, only what comes from now on.
 * @param enter told that somebody watches; what it returns is called when nobody does any more.
 */
export async function watchInbox(
  hub: InboxHub,
  inbox: InboxService,
  owner: InboxOwner,
  after: number | undefined,
  enter?: () => () => void,
): Promise<AsyncIterableIterator<InboxEventRecord>> {
  let stop: () => void = () => undefined;
  const queue = asyncQueue<InboxEventRecord>(
    () => stop(),
    MAX_WAITING,
    () =>
      new HeraldError(
        'UNAVAILABLE',
        'This subscriber is too slow. Subscribe again with `after`: nothing is lost.',
      ),
  );
  const watcher = new InboxWatcher(inbox, owner, queue);
  const unlisten = await hub.listen(inboxOf(owner), {
    onEvent: (event) => watcher.enqueue(() => watcher.event(event)),
    onGap: () => watcher.enqueue(() => watcher.catchUp()),
  });
  const leave = enter?.();
  stop = () => {
    unlisten();
    leave?.();
  };
  try {
    const seq = after ?? (await inbox.counter(owner)).seq;
    watcher.start(seq);
    return withStartCursor(queue, publicMessageId(messageKey(inboxOf(owner), seq)));
  } catch (error) {
    stop();
    throw error;
  }
}

class InboxWatcher {
  readonly #inbox: InboxService;
  readonly #owner: InboxOwner;
  readonly #queue: AsyncQueue<InboxEventRecord>;
  /** Number of the last message given out. */
  #last = 0;
  /** Everything happens one after the other, in the order in which it came. */
  #chain: Promise<void>;
  #begin: () => void = () => undefined;

  constructor(inbox: InboxService, owner: InboxOwner, queue: AsyncQueue<InboxEventRecord>) {
    this.#inbox = inbox;
    this.#owner = owner;
    this.#queue = queue;
    this.#chain = new Promise((resolve) => {
      this.#begin = resolve;
    });
  }

  /** From message number `seq` on; what came in the meantime is handled after the replay. */
  start(seq: number): void {
    this.#last = seq;
    void this.#guard(this.catchUp()).then(this.#begin);
  }

  enqueue(step: () => Promise<void>): void {
    this.#chain = this.#chain.then(() => this.#guard(step()));
  }

  async event(event: InboxEventRecord): Promise<void> {
    if (event.type === 'UPDATED') {
      // Of a message that has not been given out yet, the store's version will be.
      if (event.message.seq <= this.#last) this.#queue.push(event);
      return;
    }
    const { seq } = event.message;
    if (seq <= this.#last) return;
    if (seq > this.#last + 1) await this.catchUp(seq);
    this.#last = seq;
    this.#queue.push(event);
  }

  /** Gives out what the store has after the last one, up to (not including) number `end`. */
  async catchUp(end?: number): Promise<void> {
    for (;;) {
      // A long replay goes at the consumer's pace.
      await this.#queue.roomFor(PAGE);
      const messages = await this.#inbox.after(this.#owner, this.#last, PAGE, end);
      if (messages.length === 0) return;
      const { unread } = await this.#inbox.counter(this.#owner);
      for (const message of messages) {
        this.#last = message.seq;
        this.#queue.push({ type: 'RECEIVED', message, unreadCount: unread });
      }
      if (messages.length < PAGE) return;
    }
  }

  async #guard(step: Promise<void>): Promise<void> {
    try {
      await step;
    } catch (error) {
      this.#queue.fail(error);
    }
  }
}
