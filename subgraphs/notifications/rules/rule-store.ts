/** What the rules of routes remember. */

/** A notification that wants to be the only one of its event and key within a window. */
export interface OnceClaim {
  readonly notification: string;
  readonly workspace: string;
  readonly event: string;
  readonly key: string;
  readonly acceptedAt: Date;
  readonly windowSeconds: number;
}

/** A message that counts for what its recipient gets at most. */
export interface CountedMessage {
  readonly notification: string;
  readonly workspace: string;
  readonly event: string;
  /** Whoever it is: a user, or an address. */
  readonly recipient: string;
  /** When it was due: decides its window. */
  readonly at: Date;
  readonly max: number;
  readonly windowSeconds: number;
}

/** What the rules of routes remember. Asked again for the same notification, both answer the same. */
export interface RuleStore {
  /** By notification: the one that was sent instead. Those that are to be sent are not in it. */
  claimOnce(claims: readonly OnceClaim[]): Promise<ReadonlyMap<string, string>>;
  /** In their order: whether it is within what its recipient gets. One that is counts from now on. */
  countMessages(messages: readonly CountedMessage[]): Promise<readonly boolean[]>;
}
