/** What a key does while a message has the focus. */
export type ListCommand = 'next' | 'previous' | 'first' | 'last' | 'open' | 'read' | 'unread' | 'archive';

const COMMANDS: Readonly<Record<string, ListCommand>> = {
  ArrowDown: 'next',
  ArrowUp: 'previous',
  // As in the feed pattern of the WAI-ARIA practices.
  PageDown: 'next',
  PageUp: 'previous',
  Home: 'first',
  End: 'last',
  Enter: 'open',
  r: 'read',
  u: 'unread',
  e: 'archive',
  Delete: 'archive',
};

/** The part of a keyboard event that decides. */
export interface KeyStroke {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  /** While an input method composes. */
  readonly isComposing: boolean;
}

/** @param onControl the focus is on a link or button inside the message, which keeps Enter for itself. */
export function listCommand(stroke: KeyStroke, onControl: boolean): ListCommand | undefined {
  if (stroke.ctrlKey || stroke.metaKey || stroke.altKey || stroke.isComposing) return undefined;
  const key = stroke.key.length === 1 ? stroke.key.toLowerCase() : stroke.key;
  const command = Object.hasOwn(COMMANDS, key) ? COMMANDS[key] : undefined;
  return command === 'open' && onControl ? undefined : command;
}

/** The index that a movement leads to, among `count` messages. */
export function movedIndex(
  command: 'next' | 'previous' | 'first' | 'last',
  index: number,
  count: number,
): number {
  const last = count - 1;
  if (command === 'first') return 0;
  if (command === 'last') return last;
  return Math.min(last, Math.max(0, index + (command === 'next' ? 1 : -1)));
}

/**
 * Which message takes the place of one that is gone: the next older one that is still there, else the next newer.
 * @param before the ids as they were, with `gone` among them.
 */
export function heirOf(
  gone: string,
  before: readonly string[],
  now: ReadonlySet<string>,
): string | undefined {
  const index = before.indexOf(gone);
  if (index < 0) return undefined;
  const older = before.slice(index + 1).find((id) => now.has(id));
  return older ?? before.slice(0, index).findLast((id) => now.has(id));
}
