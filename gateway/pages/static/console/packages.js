/** Packages: by id, page by page, or those that a part of the id or the name finds. */
import { byId, fill, h } from '../lib/dom.js';
import { request } from '../lib/graphql-http.js';
import { timeElement } from '../lib/moments.js';
import { newestOnly } from '../lib/newest-only.js';
import { startPackageDialog } from './package-dialog.js';

const LIST = `query Packages($after: String, $search: String) {
  packages(first: 15, after: $after, search: $search) {
    pageInfo { hasNextPage endCursor }
    nodes { id name publishedVersion updatedAt versions(first: 1) { nodes { publishedAt publishedBy note } } }
  }
}`;
/** Nobody looks for each letter that is typed. */
const SEARCH_AFTER_MS = 250;

/**
 * @typedef {{ id: string, name: string, publishedVersion: number | null, updatedAt: string,
 *   versions: { nodes: { publishedAt: string, publishedBy: string | null, note: string | null }[] } }} ListedPackage
 * @typedef {{ packages: { pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: ListedPackage[] } }} Listed
 */

/** @param {string} key @param {(error: unknown) => void} onError */
export function startPackages(key, onError) {
  const search = byId('packages-search', HTMLInputElement);
  const previous = byId('packages-previous', HTMLButtonElement);
  const following = byId('packages-next', HTMLButtonElement);
  const ending = new AbortController();
  search.value = '';
  /** Where each page up to this one starts. @type {(string | null)[]} */
  let starts = [null];
  /** @type {string | null} */
  let next = null;
  let typing = 0;
  const dialog = startPackageDialog(key, () => load());

  /** @returns {Promise<Listed>} */
  const ask = () => {
    const text = search.value.trim();
    return request(key, LIST, { after: starts.at(-1) ?? null, ...(text && { search: text }) });
  };
  /** @param {Listed} answer */
  function show({ packages: { pageInfo, nodes } }) {
    if (ending.signal.aborted) return;
    next = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    previous.disabled = starts.length === 1;
    following.disabled = next === null;
    byId('packages-empty').hidden = nodes.length > 0;
    fill(byId('packages'), ...nodes.map(row));
  }
  const load = newestOnly(ask, show, onError);

  /** @param {ListedPackage} listed */
  function row({ id, name, publishedVersion, updatedAt, versions }) {
    const [newest] = versions.nodes;
    return h(
      'tr',
      { 'data-package': id },
      h('td', {}, h('button', { type: 'button', class: 'row-link', onclick: () => dialog.open(id) }, id)),
      h('td', {}, name !== id && name),
      h('td', { class: 'number' }, publishedVersion ?? '–'),
      h(
        'td',
        {},
        [newest?.publishedBy && `by ${newest.publishedBy}`, newest?.note].filter(Boolean).join(': '),
      ),
      h('td', { class: 'muted' }, timeElement(newest?.publishedAt ?? updatedAt)),
    );
  }

  const fromStart = () => {
    starts = [null];
    return load();
  };
  const { signal } = ending;
  search.addEventListener(
    'input',
    () => {
      clearTimeout(typing);
      typing = setTimeout(fromStart, SEARCH_AFTER_MS);
    },
    { signal },
  );
  following.addEventListener(
    'click',
    () => {
      if (next === null) return;
      starts.push(next);
      load();
    },
    { signal },
  );
  previous.addEventListener(
    'click',
    () => {
      starts.pop();
      load();
    },
    { signal },
  );
  load();
  return {
    stop() {
      clearTimeout(typing);
      ending.abort();
      dialog.stop();
    },
  };
}
