/** The slots of one channel: how many attempts run side by side, and whose turn is next. */
import { PRIORITIES, type Priority } from '../../platform/graphql/contract-enums.ts';

/** A number for each priority. */
export type ByPriority = Readonly<Record<Priority, number>>;

/** Of the slots, what LOW alone, and LOW and MEDIUM together, may have at once: the rest is there for HIGH. */
const LOW_SHARE = 0.6;
const MEDIUM_SHARE = 0.85;
/** Who has been passed over so often while it could have started goes first: nobody starves. */
const MAX_PASSED = 8;

export interface SlotState {
  readonly size: number;
  readonly used: ByPriority;
  readonly waiting: ByPriority;
  /** How often each was passed over since its last turn. */
  readonly passed: ByPriority;
}

/** Slots that `priority` could take now if nobody else waited. Pure. */
export function freeFor({ size, used }: Pick<SlotState, 'size' | 'used'>, priority: Priority): number {
  const lower = used.LOW + used.MEDIUM;
  const free = size - lower - used.HIGH;
  if (priority === 'HIGH') return Math.max(0, free);
  const shared = Math.min(free, Math.max(1, Math.floor(size * MEDIUM_SHARE)) - lower);
  if (priority === 'MEDIUM') return Math.max(0, shared);
  return Math.max(0, Math.min(shared, Math.max(1, Math.floor(size * LOW_SHARE)) - used.LOW));
}

/** Who of those that wait gets the next slot; undefined when nobody may. Pure. */
export function nextTurn(state: SlotState): Priority | undefined {
  const able = PRIORITIES.filter((p) => state.waiting[p] > 0 && freeFor(state, p) > 0);
  return able.findLast((p) => state.passed[p] >= MAX_PASSED) ?? able[0];
}

export class SendSlots {
  #size: number;
  readonly #used = { HIGH: 0, MEDIUM: 0, LOW: 0 };
  readonly #passed = { HIGH: 0, MEDIUM: 0, LOW: 0 };
  readonly #queues: Readonly<Record<Priority, ((granted: boolean) => void)[]>> = {
    HIGH: [],
    MEDIUM: [],
    LOW: [],
  };
  #closed = false;

  constructor(size: number) {
    this.#size = size;
  }

  /** From now on; more than that may be in use until they are released. */
  resize(size: number): void {
    this.#size = size;
    this.#grant();
  }

  /** Slots in use. */
  get used(): number {
    return this.#used.HIGH + this.#used.MEDIUM + this.#used.LOW;
  }

  /** Those of this priority or above that wait. */
  waiting(priority: Priority): number {
    return PRIORITIES.slice(0, PRIORITIES.indexOf(priority) + 1).reduce(
      (sum, p) => sum + this.#queues[p].length,
      0,
    );
  }

  /** Slots that `take` would give at once. */
  room(priority: Priority): number {
    if (this.#closed || this.waiting('LOW') > 0) return 0;
    return freeFor({ size: this.#size, used: this.#used }, priority);
  }

  /** Takes a slot if there is one at once. */
  tryTake(priority: Priority): boolean {
    if (this.room(priority) === 0) return false;
    this.#used[priority]++;
    return true;
  }

  /** @returns true with a slot, which must be released; false when the slots were closed meanwhile. */
  take(priority: Priority): Promise<boolean> | boolean {
    if (this.#closed) return false;
    if (this.tryTake(priority)) return true;
    return new Promise<boolean>((resolve) => {
      this.#queues[priority].push(resolve);
      this.#grant();
    });
  }

  release(priority: Priority): void {
    this.#used[priority]--;
    this.#grant();
  }

  /** Nobody gets a slot any more; those who wait are told so. */
  close(): void {
    this.#closed = true;
    for (const priority of PRIORITIES) for (const resolve of this.#queues[priority].splice(0)) resolve(false);
  }

  #grant(): void {
    for (;;) {
      const priority = nextTurn({
        size: this.#size,
        used: this.#used,
        waiting: {
          HIGH: this.#queues.HIGH.length,
          MEDIUM: this.#queues.MEDIUM.length,
          LOW: this.#queues.LOW.length,
        },
        passed: this.#passed,
      });
      if (priority === undefined) return;
      for (const other of PRIORITIES)
        if (
          other !== priority &&
          this.#queues[other].length > 0 &&
          freeFor({ size: this.#size, used: this.#used }, other) > 0
        )
          this.#passed[other]++;
      this.#passed[priority] = 0;
      this.#used[priority]++;
      this.#queues[priority].shift()?.(true);
    }
  }
}
