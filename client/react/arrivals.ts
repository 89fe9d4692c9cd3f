/** What was there when it was last looked: ids ever seen, and the time of the newest of them. */
export interface Seen {
  readonly ids: ReadonlySet<string>;
  readonly newestMs: number;
}

interface Dated {
  readonly id: string;
  readonly createdAt: string;
}

/** Messages that came in since `seen`. Older ones that were loaded are no arrivals. */
export function arrivals<Message extends Dated>(
  seen: Seen,
  messages: readonly Message[],
): readonly Message[] {
  return messages.filter(({ id, createdAt }) => !seen.ids.has(id) && Date.parse(createdAt) >= seen.newestMs);
}

/** `seen` and these. */
export function withSeen(seen: Seen, messages: readonly Dated[]): Seen {
  return {
    ids: new Set([...seen.ids, ...messages.map(({ id }) => id)]),
    newestMs: messages.reduce(
      (newest, { createdAt }) => Math.max(newest, Date.parse(createdAt)),
      seen.newestMs,
    ),
  };
}
