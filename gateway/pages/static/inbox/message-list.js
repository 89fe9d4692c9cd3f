/** The person's inbox: what is there, what comes in, and what they do with it. */
import { byId, fill, h } from '../lib/dom.js';
import { request, sentenceOf } from '../lib/graphql-http.js';
import { icon } from '../lib/icons.js';
import { safeLink } from '../lib/links.js';
import { follow, openSocket } from '../lib/live.js';
import { refreshTimes, timeElement } from '../lib/moments.js';

/**
 * @typedef {{ id: string, title: string | null, body: string, url: string | null, imageUrl: string | null,
 *   category: string | null, createdAt: string, readAt: string | null, archivedAt: string | null }} Message
 * @typedef {{ nodes: Message[], unreadCount: number, pageInfo: { hasNextPage: boolean, endCursor: string | null } }} Page
 */

const FIELDS = 'id title body url imageUrl category createdAt readAt archivedAt';
const PAGE = `query Inbox($unreadOnly: Boolean!, $after: String) {
  inbox(unreadOnly: $unreadOnly, first: 25, after: $after) {
    nodes { ${FIELDS} } unreadCount pageInfo { hasNextPage endCursor }
  }
}`;
const EVENTS = `subscription InboxEvents($after: ID) {
  inboxEvents(after: $after) { type unreadCount message { ${FIELDS} } }
}`;
const MARKS = {
  markRead: `mutation MarkRead($ids: [ID!]!) { marked: markRead(ids: $ids) { ${FIELDS} } }`,
  markUnread: `mutation MarkUnread($ids: [ID!]!) { marked: markUnread(ids: $ids) { ${FIELDS} } }`,
  archive: `mutation Archive($ids: [ID!]!) { marked: archive(ids: $ids) { ${FIELDS} } }`,
};
const MARK_ALL = 'mutation MarkAllRead { markAllRead }';

/** An inbox that was empty has no place to resume from: it is read again once the subscription surely runs. */
const SETTLE_MS = 1_500;

export class MessageList {
  #session;
  #list = byId('messages', HTMLUListElement);
  #unread = byId('unread');
  #empty = byId('empty');
  #older = byId('older', HTMLButtonElement);
  #markAll = byId('mark-all', HTMLButtonElement);
  /** @type {Map<string, Message>} */
  #messages = new Map();
  /** Newest id of all that were seen: where the subscription resumes. @type {string | undefined} */
  #newest;
  /** @type {string | null} */
  #nextPage = null;
  #unreadOnly = false;
  #unreadCount = 0;
  /** Events so far. */
  #taken = 0;
  #onError;
  #onState;

  /**
   * @param {import('./session.js').DemoSession} session
   * @param {{ onError(sentence: string | undefined): void, onState(state: import('../lib/live.js').LiveState): void }} page
   */
  constructor(session, { onError, onState }) {
    this.#session = session;
    this.#onError = onError;
    this.#onState = onState;
    this.#markAll.addEventListener('click', () => this.#attempt(() => this.#markAllRead()));
    this.#older.addEventListener('click', () => this.#attempt(() => this.#loadOlder()));
    byId('show-all').addEventListener('click', () => this.#show(false));
    byId('show-unread').addEventListener('click', () => this.#show(true));
    setInterval(() => refreshTimes(this.#list), 10_000);
  }

  /** Shows the inbox and keeps it live until the page goes. */
  async start() {
    await this.#load();
    const live = follow({
      socket: openSocket(this.#session.userToken),
      query: EVENTS,
      variables: () => ({ after: this.#newest ?? null }),
      onData: (
        /** @type {{ inboxEvents: { type: string, unreadCount: number, message: Message } }} */ data,
      ) => this.#take(data.inboxEvents),
      onState: (state) => {
        // What changed on other devices in the meantime is in no replay: it is read.
        if (state === 'live') this.#attempt(() => this.#load());
        if (state === 'live' && !this.#newest) setTimeout(() => this.#attempt(() => this.#load()), SETTLE_MS);
        this.#onState(state);
      },
    });
    const renew = () =>
      setTimeout(async () => {
        await this.#attempt(() => this.#session.get());
        live.restart();
        renew();
      }, this.#session.renewInMs);
    renew();
  }

  /** @param {Message} message */
  #remember(message) {
    if (!this.#newest || message.id > this.#newest) this.#newest = message.id;
  }

  /** @param {() => Promise<unknown>} action */
  async #attempt(action) {
    try {
      await action();
      this.#onError(undefined);
    } catch (error) {
      this.#onError(sentenceOf(error));
    }
  }

  /** @param {string | null} after @returns {Promise<Page>} */
  async #page(after) {
    const variables = { unreadOnly: this.#unreadOnly, after };
    return (await request(await this.#session.userToken(), PAGE, variables)).inbox;
  }

  async #load() {
    const unreadOnly = this.#unreadOnly;
    const newest = this.#newest;
    const taken = this.#taken;
    const { nodes, unreadCount, pageInfo } = await this.#page(null);
    if (unreadOnly !== this.#unreadOnly) return;
    const oldest = nodes.at(-1)?.id;
    // Of the first page this is the whole truth; what was loaded below it stays.
    for (const id of this.#messages.keys()) {
      // It came while the page was on its way, which may not know it yet.
      if (newest === undefined || id > newest) continue;
      if (!pageInfo.hasNextPage || (oldest !== undefined && id >= oldest)) this.#messages.delete(id);
    }
    if (this.#messages.size === 0) this.#nextPage = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    for (const message of nodes) this.#put(message);
    // The number of an event that came meanwhile is the newer one.
    this.#draw(taken === this.#taken ? unreadCount : this.#unreadCount);
  }

  async #loadOlder() {
    const { nodes, unreadCount, pageInfo } = await this.#page(this.#nextPage);
    this.#nextPage = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    for (const message of nodes) this.#put(message);
    this.#draw(unreadCount);
  }

  /** @param {{ type: string, unreadCount: number, message: Message }} event */
  #take({ type, unreadCount, message }) {
    const isNew = type === 'RECEIVED' && !this.#messages.has(message.id);
    this.#taken += 1;
    this.#put(message);
    this.#draw(unreadCount, isNew ? message.id : undefined);
    if (isNew) byId('announcer').textContent = `New message: ${message.title ?? message.body}`;
  }

  /** @param {Message} message */
  #put(message) {
    this.#remember(message);
    if (message.archivedAt || (this.#unreadOnly && message.readAt)) this.#messages.delete(message.id);
    else this.#messages.set(message.id, message);
  }

  /** @param {keyof typeof MARKS} mark @param {string} id */
  async #mark(mark, id) {
    const { marked } = /** @type {{ marked: Message[] }} */ (
      await request(await this.#session.userToken(), MARKS[mark], { ids: [id] })
    );
    for (const message of marked) this.#put(message);
    // The number comes with the event of the same change.
    this.#draw(this.#unreadCount);
  }

  async #markAllRead() {
    await request(await this.#session.userToken(), MARK_ALL);
    await this.#load();
  }

  /** @param {boolean} unreadOnly */
  #show(unreadOnly) {
    if (unreadOnly === this.#unreadOnly) return;
    this.#unreadOnly = unreadOnly;
    byId('show-all').setAttribute('aria-pressed', String(!unreadOnly));
    byId('show-unread').setAttribute('aria-pressed', String(unreadOnly));
    this.#messages.clear();
    this.#attempt(() => this.#load());
  }

  /** @param {number} unreadCount @param {string} [arrived] id of a message that has just come */
  #draw(unreadCount, arrived) {
    this.#unreadCount = unreadCount;
    this.#unread.textContent = String(unreadCount);
    this.#unread.hidden = unreadCount === 0;
    this.#unread.title = `${unreadCount} unread`;
    document.title = unreadCount > 0 ? `(${unreadCount}) Inbox · Herald` : 'Inbox · Herald';
    this.#markAll.disabled = unreadCount === 0;
    this.#older.hidden = this.#nextPage === null;
    this.#empty.hidden = this.#messages.size > 0;
    this.#empty.textContent = this.#unreadOnly
      ? 'Nothing unread.'
      : 'Nothing here yet. Press Send: the message arrives by itself.';
    const newestFirst = [...this.#messages.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
    // Keeps the elements of what has not changed, and with them the focus.
    /** @type {Map<string, Element>} */
    const drawn = new Map(
      [...this.#list.children].map((item) => [item.getAttribute('data-version') ?? '', item]),
    );
    const focused = document.activeElement;
    const focusedId = focused instanceof HTMLElement && focused.closest('li')?.dataset.id;
    const wanted = newestFirst.map(
      (message) => drawn.get(versionOf(message)) ?? this.#item(message, message.id === arrived),
    );
    if (
      wanted.length === this.#list.children.length &&
      wanted.every((item, at) => item === this.#list.children[at])
    )
      return;
    fill(this.#list, ...wanted);
    if (focusedId) this.#focusAgain(focused, focusedId);
  }

  /** The element with the focus was moved or replaced. @param {HTMLElement} was @param {string} id */
  #focusAgain(was, id) {
    const item = items(this.#list).find((candidate) => candidate.dataset.id === id);
    const target = was.isConnected ? was : (item ?? this.#list).querySelector('button');
    target?.focus({ preventScroll: true });
  }

  /** @param {Message} message @param {boolean} arrived */
  #item(message, arrived) {
    const { id, title, body, url, imageUrl, category, createdAt, readAt } = message;
    const link = safeLink(url);
    const picture = imageUrl?.startsWith('https:') ? imageUrl : undefined;
    const heading = title ?? 'Message';
    const act = (/** @type {keyof typeof MARKS} */ mark) => () => this.#attempt(() => this.#mark(mark, id));
    return h(
      'li',
      {
        class: `message${readAt ? '' : ' unread'}${arrived ? ' arrived' : ''}`,
        'data-id': id,
        'data-version': versionOf(message),
      },
      h(
        'div',
        { class: 'message-text' },
        h(
          'h3',
          {},
          !readAt && h('span', { class: 'unread-dot' }, h('span', { class: 'unseen' }, 'Unread: ')),
          link ? h('a', { href: link }, heading) : heading,
        ),
        picture &&
          h('img', {
            src: picture,
            alt: '',
            class: 'picture',
            loading: 'lazy',
            referrerpolicy: 'no-referrer',
          }),
        h('p', {}, body),
        h(
          'p',
          { class: 'message-meta muted' },
          timeElement(createdAt),
          category && h('span', { class: 'chip' }, category),
        ),
      ),
      h(
        'div',
        { class: 'message-actions' },
        h(
          'button',
          {
            type: 'button',
            class: 'icon-button',
            title: readAt ? 'Mark unread' : 'Mark read',
            'aria-label': `${readAt ? 'Mark unread' : 'Mark read'}: ${heading}`,
            'data-action': readAt ? 'unread' : 'read',
            onclick: act(readAt ? 'markUnread' : 'markRead'),
          },
          icon(readAt ? 'unread' : 'check'),
        ),
        h(
          'button',
          {
            type: 'button',
            class: 'icon-button',
            title: 'Archive',
            'aria-label': `Archive: ${heading}`,
            'data-action': 'archive',
            onclick: act('archive'),
          },
          icon('archive'),
        ),
      ),
    );
  }
}

/** @param {HTMLElement} list */
const items = (list) => [...list.querySelectorAll('li')];

/** Changes whenever something of the message does that is shown. @param {Message} message */
const versionOf = ({ id, readAt }) => `${id} ${readAt ?? ''}`;
