/** What the sandbox took in place of providers: e-mails, SMS and the like, as their recipients would see them. */
import { channelTag } from '../lib/channels.js';
import { byId, fill, h } from '../lib/dom.js';
import { request } from '../lib/graphql-http.js';
import { refreshTimes, timeElement } from '../lib/moments.js';

const MESSAGES = 'query Sandbox { sandboxMessages(first: 12) { id at channel address title body html } }';

/** @typedef {{ id: string, at: string, channel: string, address: string, title: string | null, body: string, html: string | null }} SandboxMessage */

/** Changes come in bursts: one question answers them all. */
const PAUSE_MS = 120;

export class SandboxPanel {
  #session;
  #list = byId('sandbox');
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {import('./session.js').DemoSession} session */
  constructor(session) {
    this.#session = session;
    setInterval(() => refreshTimes(this.#list), 10_000);
  }

  /** Asks again, soon. */
  refresh() {
    this.#timer ??= setTimeout(async () => {
      this.#timer = undefined;
      try {
        await this.#load();
      } catch (error) {
        console.warn('sandbox:', error);
      }
    }, PAUSE_MS);
  }

  async #load() {
    const { sandboxMessages } = /** @type {{ sandboxMessages: SandboxMessage[] }} */ (
      await request(await this.#session.appKey(), MESSAGES)
    );
    /** @type {Map<string, Element>} */
    const drawn = new Map([...this.#list.children].map((item) => [item.getAttribute('data-id') ?? '', item]));
    byId('sandbox-empty').hidden = sandboxMessages.length > 0;
    fill(this.#list, ...sandboxMessages.map((message) => drawn.get(message.id) ?? letter(message)));
  }
}

/** @param {SandboxMessage} message */
function letter({ id, at, channel, address, title, body, html }) {
  return h(
    'li',
    { class: 'letter', 'data-id': id, 'data-channel': channel },
    h(
      'p',
      { class: 'letter-head' },
      channelTag(channel),
      h('span', { class: 'muted address' }, `to ${address}`),
      timeElement(at),
    ),
    title && h('h3', {}, title),
    h('p', { class: 'letter-body' }, body),
    html && h('details', {}, h('summary', {}, 'HTML'), h('pre', { class: 'code' }, html)),
  );
}
