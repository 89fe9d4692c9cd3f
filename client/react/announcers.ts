/** Which of several components speaks, so that a new message is announced once: the first that came. */
export interface Announcers {
  /** Returns what takes it out again. */
  add(id: string): () => void;
  subscribe(this: void, listener: () => void): () => void;
  speaker(this: void): string | undefined;
}

export function createAnnouncers(): Announcers {
  let ids: readonly string[] = [];
  const listeners = new Set<() => void>();
  const become = (next: readonly string[]) => {
    ids = next;
    for (const listener of listeners) listener();
  };
  return {
    add(id) {
      become([...ids, id]);
      return () => become(ids.filter((other) => other !== id));
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    speaker: () => ids[0],
  };
}
