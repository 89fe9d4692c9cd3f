/** How old what is cached of a workspace may be: one small read a second, and none where nobody asks. */

export interface FreshnessOptions {
  /** A number that is another after each change. */
  read(workspace: string): Promise<number>;
  /** It has changed: forget what is cached of the workspace. */
  onChange(workspace: string): void;
  /** A read that nobody waits for has failed; who needs it tries again. */
  onFailure(error: unknown): void;
  /** Milliseconds that only grow. */
  now?(): number;
}

/** How long another process may go on with what was replaced, where the message of it was lost. */
export const PUBLISHED_MAX_AGE_MS = 1_000;
/** From this age on the next caller has it read again, without waiting: so that callers seldom wait at all. */
const REFRESH_AFTER_MS = 500;

interface Known {
  revision: number | undefined;
  /** When the newest answer was asked for. */
  askedAt: number;
  asking: Promise<void> | undefined;
}

export class Freshness {
  readonly #options: FreshnessOptions;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  constructor(options: FreshnessOptions) {
    this.#options = options;
    this.#now = options.now?.bind(options) ?? (() => performance.now());
  }

  /**
   * Nothing to wait for, most times; else a promise after which all that is cached of the workspace is as it was
   * stored at most PUBLISHED_MAX_AGE_MS ago. It rejects as `read` does.
   */
  ensure(workspace: string): Promise<void> | undefined {
    let known = this.#known.get(workspace);
    if (!known) {
      known = { revision: undefined, askedAt: Number.NEGATIVE_INFINITY, asking: undefined };
      this.#known.set(workspace, known);
    }
    const age = this.#now() - known.askedAt;
    if (age < REFRESH_AFTER_MS) return undefined;
    const asking = known.asking ?? this.#ask(workspace, known);
    if (age >= PUBLISHED_MAX_AGE_MS) return asking;
    asking.catch((error: unknown) => this.#options.onFailure(error));
    return undefined;
  }

  #ask(workspace: string, known: Known): Promise<void> {
    const askedAt = this.#now();
    const asking = this.#options.read(workspace).then(
      (revision) => {
        known.asking = undefined;
        known.askedAt = askedAt;
        if (known.revision !== undefined && known.revision !== revision) this.#options.onChange(workspace);
        known.revision = revision;
      },
      (error: unknown) => {
        known.asking = undefined;
        throw error;
      },
    );
    known.asking = asking;
    return asking;
  }
}
