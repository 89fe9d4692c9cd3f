/** Recent notifications, page by page. */
import { CHANNEL_NAMES, channelLabel, inWords, stateTag } from '../lib/channels.js';
import { byId, fill, h } from '../lib/dom.js';
import { request } from '../lib/graphql-http.js';
import { timeElement } from '../lib/moments.js';
import { newestOnly } from '../lib/newest-only.js';

const STATES = [
  'SCHEDULED',
  'AWAITING_APPROVAL',
  'ACCEPTED',
  'PROCESSING',
  'COMPLETED',
  'CANCELED',
  'EXPIRED',
];
const LIST = `query Notifications($filter: NotificationFilter, $after: String) {
  notifications(filter: $filter, first: 15, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes { id state event category createdAt template { id } app { id name } deliveries(first: 1) { totalCount } }
  }
}`;
/** From this number on the graph stops counting. */
const COUNTED = 10_000;

/**
 * @typedef {{ id: string, state: string, event: string | null, category: string | null, createdAt: string,
 *   template: { id: string } | null, app: { id: string, name: string } | null, deliveries: { totalCount: number } }} ListedNotification
 * @typedef {{ notifications: { totalCount: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: ListedNotification[] } }} Listed
 */

/**
 * @param {string} key
 * @param {{ onOpen(notification: string): void, onError(error: unknown): void }} page
 */
export function startNotifications(key, { onOpen, onError }) {
  const state = byId('filter-state', HTMLSelectElement);
  const channel = byId('filter-channel', HTMLSelectElement);
  const newer = byId('newer', HTMLButtonElement);
  const older = byId('older', HTMLButtonElement);
  const ending = new AbortController();
  fill(
    state,
    h('option', { value: '' }, 'All states'),
    ...STATES.map((name) => h('option', { value: name }, inWords(name))),
  );
  fill(
    channel,
    h('option', { value: '' }, 'All channels'),
    ...CHANNEL_NAMES.map((name) => h('option', { value: name }, channelLabel(name))),
  );

  /** Where each page up to this one starts. @type {(string | null)[]} */
  let starts = [null];
  /** @type {string | null} */
  let next = null;

  /** @returns {Promise<Listed>} */
  const ask = () =>
    request(key, LIST, {
      filter: {
        ...(state.value && { state: [state.value] }),
        ...(channel.value && { channel: [channel.value] }),
      },
      after: starts.at(-1) ?? null,
    });
  /** @param {Listed} answer */
  function show({ notifications: { totalCount, pageInfo, nodes } }) {
    if (ending.signal.aborted) return;
    next = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    newer.disabled = starts.length === 1;
    older.disabled = next === null;
    byId('notifications-count').textContent =
      `${totalCount >= COUNTED ? `${COUNTED.toLocaleString()} or more` : totalCount.toLocaleString()}`;
    byId('notifications-empty').hidden = nodes.length > 0;
    fill(byId('notifications'), ...nodes.map((node) => row(node, onOpen)));
  }
  const load = newestOnly(ask, show, onError);
  const fromStart = () => {
    starts = [null];
    return load();
  };
  const listen = (
    /** @type {HTMLElement} */ element,
    /** @type {string} */ event,
    /** @type {() => unknown} */ listener,
  ) => element.addEventListener(event, listener, { signal: ending.signal });
  listen(state, 'change', fromStart);
  listen(channel, 'change', fromStart);
  listen(byId('reload'), 'click', fromStart);
  listen(older, 'click', () => {
    if (next === null) return;
    starts.push(next);
    load();
  });
  listen(newer, 'click', () => {
    starts.pop();
    load();
  });
  load();
  return { reload: load, stop: () => ending.abort() };
}

/** @param {ListedNotification} notification @param {(notification: string) => void} onOpen */
function row({ id, state, event, category, createdAt, template, app, deliveries }, onOpen) {
  const what = event ?? template?.id ?? 'own words';
  return h(
    'tr',
    { 'data-id': id },
    h(
      'td',
      {},
      h('button', { type: 'button', class: 'row-link', title: id, onclick: () => onOpen(id) }, shortId(id)),
    ),
    h('td', {}, stateTag(state)),
    h('td', {}, what, category && ' ', category && h('span', { class: 'chip' }, category)),
    h('td', {}, app?.name ?? app?.id),
    h('td', { class: 'number' }, deliveries.totalCount.toLocaleString()),
    h('td', { class: 'muted' }, timeElement(createdAt)),
  );
}

/** The end differs from one to the next. @param {string} id */
const shortId = (id) => `…${id.slice(-8)}`;
