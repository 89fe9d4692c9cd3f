/** What failed for good: looking at it, sending it again, discarding it. */
import { CHANNEL_NAMES, channelLabel, channelTag, inWords, stateTag } from '../lib/channels.js';
import { byId, fill, h } from '../lib/dom.js';
import { request, sentenceOf } from '../lib/graphql-http.js';
import { timeElement } from '../lib/moments.js';
import { newestOnly } from '../lib/newest-only.js';

const STATES = ['OPEN', 'REPLAYED', 'DISCARDED', 'SUPERSEDED'];
const LIST = `query DeadLetters($filter: DeadLetterFilter, $after: String) {
  deadLetters(filter: $filter, first: 10, after: $after) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      id state channel reason lastError attempts failedAt provider resolvedBy resolvedReason
      user { id } notification { id } replay { id } delivery { address }
    }
  }
  alerts(first: 1) { nodes { at message } }
}`;
const REPLAY = `mutation ReplayDeadLetters($ids: [ID!], $filter: DeadLetterFilter, $reason: String, $after: String) {
  done: replayDeadLetters(ids: $ids, filter: $filter, reason: $reason, after: $after) {
    count hasMore endCursor left { id message }
  }
}`;
const DISCARD = `mutation DiscardDeadLetters($ids: [ID!], $filter: DeadLetterFilter, $reason: String!, $after: String) {
  done: discardDeadLetters(ids: $ids, filter: $filter, reason: $reason, after: $after) { count hasMore endCursor }
}`;
/** From this number on the graph stops counting. */
const COUNTED = 10_000;
const REFRESH_MS = 10_000;
/** An alert is shown for so long. */
const ALERT_SHOWN_MS = 30 * 60_000;

/**
 * @typedef {{ id: string, state: string, channel: string, reason: string, lastError: string | null, attempts: number,
 *   failedAt: string, provider: string | null, resolvedBy: string | null, resolvedReason: string | null,
 *   user: { id: string } | null, notification: { id: string }, replay: { id: string } | null,
 *   delivery: { address: string | null } }} DeadLetter
 * @typedef {{ deadLetters: { totalCount: number, pageInfo: { hasNextPage: boolean, endCursor: string | null }, nodes: DeadLetter[] },
 *   alerts: { nodes: { at: string, message: string }[] } }} Listed
 * @typedef {{ done: { count: number, hasMore: boolean, endCursor: string | null, left?: { id: string, message: string }[] } }} Done
 */

/**
 * @param {string} key
 * @param {{ onOpen(notification: string): void, onError(error: unknown): void, onChanged(): void }} page
 */
export function startDeadLetters(key, { onOpen, onError, onChanged }) {
  const state = byId('dead-state', HTMLSelectElement);
  const channel = byId('dead-channel', HTMLSelectElement);
  const reason = byId('dead-reason', HTMLInputElement);
  const why = byId('dead-why', HTMLInputElement);
  const replay = byId('dead-replay', HTMLButtonElement);
  const discard = byId('dead-discard', HTMLButtonElement);
  const newer = byId('dead-newer', HTMLButtonElement);
  const older = byId('dead-older', HTMLButtonElement);
  const note = byId('dead-note');
  const ending = new AbortController();
  fill(state, ...STATES.map((name) => h('option', { value: name }, inWords(name))));
  fill(
    channel,
    h('option', { value: '' }, 'All channels'),
    ...CHANNEL_NAMES.map((name) => h('option', { value: name }, channelLabel(name))),
  );
  reason.value = '';
  why.value = '';
  note.textContent = '';

  /** Where each page up to this one starts. @type {(string | null)[]} */
  let starts = [null];
  /** @type {string | null} */
  let next = null;
  let total = 0;
  let busy = false;
  /** @type {Set<string>} */
  const chosen = new Set();

  const filter = () => ({
    state: [state.value],
    ...(channel.value && { channel: [channel.value] }),
    ...(reason.value.trim() && { reason: [reason.value.trim()] }),
  });

  /** @returns {Promise<Listed>} */
  const ask = () => request(key, LIST, { filter: filter(), after: starts.at(-1) ?? null });
  /** @param {Listed} answer */
  function show({ deadLetters: { totalCount, pageInfo, nodes }, alerts }) {
    if (ending.signal.aborted) return;
    next = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    total = totalCount;
    newer.disabled = starts.length === 1;
    older.disabled = next === null;
    const shown = new Set(nodes.map(({ id }) => id));
    for (const id of chosen) if (!shown.has(id)) chosen.delete(id);
    byId('dead-count').textContent =
      total >= COUNTED ? `${COUNTED.toLocaleString()} or more` : total.toLocaleString();
    byId('dead-empty').hidden = nodes.length > 0;
    fill(byId('dead-letters'), ...nodes.map(row));
    showAlert(alerts.nodes[0]);
    showActions();
  }
  const load = newestOnly(ask, show, onError);

  /** @param {{ at: string, message: string } | undefined} alert */
  function showAlert(alert) {
    const fresh = alert !== undefined && Date.now() - Date.parse(alert.at) < ALERT_SHOWN_MS;
    const place = byId('dead-alert');
    place.hidden = !fresh;
    if (fresh) fill(place, timeElement(alert.at), ` · ${alert.message}`);
  }

  function showActions() {
    const open = state.value === 'OPEN';
    const whom =
      chosen.size > 0
        ? `${chosen.size} chosen`
        : `all ${total >= COUNTED ? '' : `${total.toLocaleString()} `}of the filter`;
    replay.textContent = `Replay ${whom}`;
    discard.textContent = `Discard ${whom}`;
    const idle = open && total > 0 && !busy;
    replay.disabled = !idle;
    discard.disabled = !idle || why.value.trim() === '';
    for (const box of byId('dead-letters').querySelectorAll('input')) box.disabled = !open || busy;
  }

  /** Call after call, until the filter is worked through. @param {string} mutation @param {string} verb */
  async function act(mutation, verb) {
    busy = true;
    showActions();
    const choice = chosen.size > 0 ? { ids: [...chosen] } : { filter: filter() };
    const given = why.value.trim();
    let count = 0;
    let left = 0;
    let problem = '';
    try {
      /** @type {string | null} */
      let after = null;
      do {
        const { done } = /** @type {Done} */ (
          await request(key, mutation, {
            ...choice,
            ...(given && { reason: given }),
            ...(after && { after }),
          })
        );
        count += done.count;
        left += done.left?.length ?? 0;
        problem ||= done.left?.[0]?.message ?? '';
        after = done.hasMore ? done.endCursor : null;
        note.textContent = `${verb} ${count.toLocaleString()} …`;
      } while (after !== null && !ending.signal.aborted);
      note.textContent = `${verb} ${count.toLocaleString()}.${left > 0 ? ` ${left.toLocaleString()} left: ${problem}` : ''}`;
      why.value = '';
    } catch (error) {
      note.textContent = sentenceOf(error);
    }
    busy = false;
    chosen.clear();
    starts = [null];
    await load();
    onChanged();
  }

  /** @param {DeadLetter} letter */
  function row(letter) {
    const { id, failedAt, lastError, attempts, provider, user, delivery } = letter;
    const whom = [user?.id, delivery.address].filter(Boolean).join(' · ');
    const box = h('input', {
      type: 'checkbox',
      'aria-label': `Choose ${id}`,
      onchange: () => {
        if (box.checked) chosen.add(id);
        else chosen.delete(id);
        showActions();
      },
    });
    box.checked = chosen.has(id);
    const times = `${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}`;
    return h(
      'tr',
      { 'data-id': id },
      h('td', {}, box),
      h('td', {}, link(letter.notification.id)),
      h('td', {}, channelTag(letter.channel), h('span', { class: 'muted address' }, whom)),
      h(
        'td',
        { class: 'why' },
        h('code', {}, letter.reason),
        h('span', { class: 'muted' }, [times, provider && `by ${provider}`].filter(Boolean).join(' ')),
        lastError && h('span', { class: 'bad-text' }, lastError),
      ),
      h('td', { class: 'muted' }, timeElement(failedAt)),
      h('td', { class: 'why' }, ...outcome(letter)),
    );
  }

  /** @param {DeadLetter} letter */
  const outcome = ({ state: now, resolvedBy, resolvedReason, replay: again }) =>
    now === 'OPEN'
      ? [stateTag(now)]
      : [
          h('span', {}, stateTag(now), ' ', again && link(again.id)),
          h(
            'span',
            { class: 'muted' },
            [resolvedBy && `by ${resolvedBy}`, resolvedReason].filter(Boolean).join(': '),
          ),
        ];

  /** @param {string} id */
  const link = (id) =>
    h(
      'button',
      { type: 'button', class: 'row-link', title: id, onclick: () => onOpen(id) },
      `…${id.slice(-8)}`,
    );

  const fromStart = () => {
    starts = [null];
    chosen.clear();
    return load();
  };
  const listen = (
    /** @type {HTMLElement} */ element,
    /** @type {string} */ event,
    /** @type {() => unknown} */ listener,
  ) => element.addEventListener(event, listener, { signal: ending.signal });
  for (const field of [state, channel, reason]) listen(field, 'change', fromStart);
  listen(byId('dead-reload'), 'click', fromStart);
  listen(why, 'input', showActions);
  listen(replay, 'click', () => act(REPLAY, 'Sent again:'));
  listen(discard, 'click', () => act(DISCARD, 'Discarded:'));
  listen(older, 'click', () => {
    if (next === null) return;
    starts.push(next);
    load();
  });
  listen(newer, 'click', () => {
    starts.pop();
    load();
  });
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible' && !busy && chosen.size === 0) load();
  }, REFRESH_MS);
  load();
  return {
    reload: load,
    stop() {
      clearInterval(timer);
      ending.abort();
    },
  };
}
