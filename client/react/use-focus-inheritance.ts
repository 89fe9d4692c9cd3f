import { useEffect, useRef } from 'react';
import type { InboxItem } from '../browser/inbox.ts';
import { heirOf } from './list-keys.ts';

/** The message's element below `root`. */
export function messageElement(root: HTMLElement | null, id: string): HTMLElement | null {
  return root?.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`) ?? null;
}

/**
 * When the message that has the focus goes, archived here or on another device, the focus goes to its neighbour, or to
 * `last` when there is none: the browser would put it on the page's begin.
 */
export function useFocusInheritance(
  root: { readonly current: HTMLElement | null },
  messages: readonly InboxItem[],
  last: { readonly current: HTMLElement | null },
): void {
  const focused = useRef<string>(undefined);
  const before = useRef<readonly string[]>([]);
  useEffect(() => {
    const element = root.current;
    if (!element) return undefined;
    const note = ({ target }: FocusEvent) => {
      const message = target instanceof Element ? target.closest<HTMLElement>('[data-id]') : null;
      focused.current = message?.dataset.id;
    };
    // Some browsers tell this, too, when the element is taken out.
    const forget = ({ target }: FocusEvent) => {
      const id = focused.current;
      queueMicrotask(() => {
        if (target instanceof Element && target.isConnected && focused.current === id)
          focused.current = undefined;
      });
    };
    element.addEventListener('focusin', note);
    element.addEventListener('focusout', forget);
    return () => {
      element.removeEventListener('focusin', note);
      element.removeEventListener('focusout', forget);
    };
  }, [root]);
  useEffect(() => {
    const ids = messages.map(({ id }) => id);
    const gone = focused.current;
    if (gone !== undefined && !ids.includes(gone)) {
      focused.current = undefined;
      const heir = heirOf(gone, before.current, new Set(ids));
      const lost = document.activeElement === null || document.activeElement === document.body;
      if (lost) (heir === undefined ? last.current : messageElement(root.current, heir))?.focus();
    }
    before.current = ids;
  }, [root, messages, last]);
}
