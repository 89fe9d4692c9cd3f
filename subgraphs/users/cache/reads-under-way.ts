/**
 * What changed while a read was under way. A read that began before a change may have seen the state before it:
 * what it found must not be remembered, for the message that would drop it has gone by already.
 */

/** A read of the store. `end` it in any case. */
export interface ReadUnderWay {
  /** Whether what it found under this key may be remembered. */
  mayKeep(key: string): boolean;
  end(): void;
}

export class ReadsUnderWay {
  readonly #open = new Set<{ all: boolean; readonly keys: Set<string> }>();

  /** Before the query is sent. */
  begin(): ReadUnderWay {
    const changed = { all: false, keys: new Set<string>() };
    this.#open.add(changed);
    return {
      mayKeep: (key) => !changed.all && !changed.keys.has(key),
      end: () => void this.#open.delete(changed),
    };
  }

  changed(key: string): void {
    for (const read of this.#open) read.keys.add(key);
  }

  /** Anything may have changed. */
  allChanged(): void {
    for (const read of this.#open) read.all = true;
  }
}
