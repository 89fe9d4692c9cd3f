/** Follows the event log once per process and hands its events to whoever watches a notification or a workspace. */
import type { Redis } from 'ioredis';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import type { HeraldEvent } from '../../../platform/event-log/events.ts';

type Listener = (event: HeraldEvent) => void;

export class FeedHub {
  readonly #events: EventLog;
  readonly #blocking: Redis;
  readonly #byNotification = new Map<string, Set<Listener>>();
  readonly #byWorkspace = new Map<string, Set<Listener>>();
  readonly #stopping = new AbortController();
  #following: Promise<void> | undefined;
  #started: () => void = () => undefined;
  readonly #ready = new Promise<void>((resolve) => {
    this.#started = resolve;
  });

  /** @param blocking a connection of this hub alone: it blocks while it waits for events. */
  constructor(events: EventLog, blocking: Redis) {
    this.#events = events;
    this.#blocking = blocking;
  }

  /** The first watcher starts the reading; a process that nobody watches reads nothing. */
  watchNotification(id: string, listener: Listener): () => void {
    return this.#watch(this.#byNotification, id, listener);
  }
  watchWorkspace(workspace: string, listener: Listener): () => void {
    return this.#watch(this.#byWorkspace, workspace, listener);
  }

  /** Resolves when, after the first watch, the reading has begun: what is read from the store now has no gap to the events. */
  ready(): Promise<void> {
    return this.#ready;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#blocking.disconnect();
    await this.#following;
  }

  #watch(map: Map<string, Set<Listener>>, key: string, listener: Listener): () => void {
    this.#following ??= this.#events.follow(
      this.#blocking,
      this.#stopping.signal,
      (batch) => {
        for (const event of batch.events) this.#deliver(event);
      },
      this.#started,
    );
    const listeners = map.get(key) ?? new Set();
    map.set(key, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && map.get(key) === listeners) map.delete(key);
    };
  }

  #deliver(event: HeraldEvent): void {
    if (event.type !== 'alert.raised')
      for (const listener of this.#byNotification.get(event.notification) ?? []) listener(event);
    for (const listener of this.#byWorkspace.get(event.workspace) ?? []) listener(event);
  }
}
