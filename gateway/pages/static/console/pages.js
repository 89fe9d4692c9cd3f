/** A list that grows, page by page, by its button. */
import { byId, fill } from '../lib/dom.js';
import { sentenceOf } from '../lib/graphql-http.js';

/**
 * @template T
 * @typedef {{ nodes: T[], pageInfo: { hasNextPage: boolean, endCursor: string | null } }} Page
 */

/**
 * @template T
 * @param {string} id of the list; that of its button ends with `-more`, that of what is said where there is nothing
 *   with `-empty`
 * @param {(after: string | null) => Promise<Page<T>>} load
 * @param {(node: T) => HTMLElement} row
 * @param {AbortSignal} signal ends it
 */
export function startPages(id, load, row, signal) {
  const list = byId(id);
  const more = byId(`${id}-more`, HTMLButtonElement);
  const empty = byId(`${id}-empty`);
  /** @type {string | null} */
  let next = null;
  /** What was asked for before the list was begun anew is not shown. */
  let round = 0;

  async function append() {
    const own = round;
    more.disabled = true;
    try {
      const { nodes, pageInfo } = await load(next);
      if (signal.aborted || own !== round) return;
      if (next === null) fill(list);
      list.append(...nodes.map(row));
      next = pageInfo.hasNextPage ? pageInfo.endCursor : null;
      more.hidden = next === null;
      empty.textContent = 'None.';
      empty.hidden = list.childElementCount > 0;
    } catch (error) {
      if (own !== round) return;
      empty.textContent = sentenceOf(error);
      empty.hidden = false;
    }
    more.disabled = false;
  }
  more.addEventListener('click', append, { signal });

  return {
    /** From the first page on. */
    reload() {
      round++;
      next = null;
      return append();
    },
    clear() {
      round++;
      next = null;
      fill(list);
      more.hidden = true;
      empty.hidden = true;
    },
  };
}
