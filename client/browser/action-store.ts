/**
 * Actions that wait for Herald, kept over reloads. One entry each, so that tabs which do not know of each other cannot
 * overwrite each other's. An action done twice is as done once, so it does not matter who sends it.
 */
import { browser, type StorageLike, storageOf } from './environment.ts';
import type { PendingAction } from './inbox-state.ts';

/** Older ones are dropped: what somebody wanted a week ago is not what they want now. */
const KEPT_MS = 7 * 24 * 3_600_000;

export class ActionStore {
  readonly #prefix: string;
  readonly #storage: StorageLike | undefined;

  /** @param name of the inbox: Herald's address and the user. */
  constructor(name: string, storage = storageOf(browser)) {
    this.#prefix = `${name}#`;
    this.#storage = storage;
  }

  /** Oldest first. */
  load(now = Date.now()): PendingAction[] {
    const storage = this.#storage;
    if (!storage) return [];
    const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index)).filter(
      (key) => key?.startsWith(this.#prefix) === true,
    );
    const actions = keys.flatMap((key) => {
      const action = key === null ? undefined : parsed(storage.getItem(key));
      if (key !== null && (!action || Date.parse(action.at) < now - KEPT_MS)) {
        storage.removeItem(key);
        return [];
      }
      return action ? [action] : [];
    });
    return actions.sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  keep({ id, kind, ids, at }: PendingAction): void {
    try {
      this.#storage?.setItem(this.#prefix + id, JSON.stringify({ id, kind, ids, at }));
    } catch (error) {
      // Storage is full: the action still waits in memory.
      console.warn('herald: an action is kept in memory only', error);
    }
  }

  drop(id: string): void {
    this.#storage?.removeItem(this.#prefix + id);
  }
}

function parsed(text: string | null): PendingAction | undefined {
  try {
    const value = JSON.parse(text ?? '') as Partial<PendingAction> | null;
    return value?.id && value.kind && Array.isArray(value.ids) && value.at
      ? { id: value.id, kind: value.kind, ids: value.ids, at: value.at }
      : undefined;
  } catch {
    // Somebody else wrote it: it is removed.
    return undefined;
  }
}
