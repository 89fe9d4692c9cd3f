/**
 * Lets new connections in a handful at a time. A connection begins with the dearest work of its life (its token, its
 * first page, its subscription); when thousands come back at once, what is already open must not wait behind them.
 */

/** So many at a time, so long after one another. */
const HANDFUL = 5;
const TURN_MS = 10;
/** A process that is behind with its work by more than a turn rests first: as long as it is behind, but not longer. */
const LONGEST_REST_MS = 200;

interface Arrival {
  /** It may have given up while it waited. */
  isOpen(): boolean;
  letIn(): void;
}

export class ArrivalsGate {
  #waiting: Arrival[] = [];
  #inThisTurn = 0;
  #turn: NodeJS.Timeout | undefined;

  /** Connections that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when the connection's turn has come, or when it is gone. */
  enter(isOpen: () => boolean): Promise<void> {
    this.#turn ??= this.#after(TURN_MS, (behindMs) => this.#endTurn(behindMs));
    if (this.#waiting.length === 0 && this.#inThisTurn < HANDFUL) {
      this.#inThisTurn += 1;
      return Promise.resolve();
    }
    return new Promise((letIn) => this.#waiting.push({ isOpen, letIn }));
  }

  #endTurn(behindMs: number): void {
    const restMs = behindMs > TURN_MS && this.#waiting.length > 0 ? Math.min(behindMs, LONGEST_REST_MS) : 0;
    if (restMs > 0) this.#turn = this.#after(restMs, () => this.#nextTurn());
    else this.#nextTurn();
  }

  #nextTurn(): void {
    this.#inThisTurn = 0;
    while (this.#waiting.length > 0 && this.#inThisTurn < HANDFUL) {
      const arrival = this.#waiting.shift();
      if (arrival?.isOpen()) this.#inThisTurn += 1;
      arrival?.letIn();
    }
    this.#turn =
      this.#inThisTurn > 0 ? this.#after(TURN_MS, (behindMs) => this.#endTurn(behindMs)) : undefined;
  }

  /** @param then is told by how much later than `ms` it is called: other work came before. */
  #after(ms: number, then: (behindMs: number) => void): NodeJS.Timeout {
    const due = performance.now() + ms;
    return setTimeout(() => then(Math.max(0, performance.now() - due)), ms).unref();
  }
}
