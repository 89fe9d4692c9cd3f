/** Work that may run side by side unless it touches the same things. */

export class Exclusive {
  readonly #running = new Set<{ readonly keys: ReadonlySet<string>; readonly done: Promise<unknown> }>();

  /** Runs `work` once nothing that shares one of `keys` is under way. @throws what `work` throws. */
  async run<T>(keys: ReadonlySet<string>, work: () => Promise<T>): Promise<T> {
    for (;;) {
      const inTheWay = [...this.#running].filter((other) => shareSome(other.keys, keys));
      if (inTheWay.length === 0) break;
      await Promise.allSettled(inTheWay.map(({ done }) => done));
    }
    const done = work();
    const entry = { keys, done };
    this.#running.add(entry);
    try {
      return await done;
    } finally {
      this.#running.delete(entry);
    }
  }
}

function shareSome(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  for (const key of few) if (many.has(key)) return true;
  return false;
}
