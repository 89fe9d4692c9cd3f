/** Deliveries as they change. */
import { channelTag, stateTag } from '../lib/channels.js';
import { showConnection } from '../lib/connection-light.js';
import { byId, h } from '../lib/dom.js';
import { follow, openSocket } from '../lib/live.js';
import { clockTime } from '../lib/moments.js';

const FEED = `subscription Feed {
  deliveryUpdated { id channel state address provider skipReason user { id } notification { id } }
}`;

/**
 * @typedef {{ id: string, channel: string, state: string, address: string | null, provider: string | null,
 *   skipReason: string | null, user: { id: string } | null, notification: { id: string } }} FeedDelivery
 */

const SHOWN = 60;
/** A list that changes more often than this cannot be read anyway. */
const DRAW_EVERY_MS = 150;

/** @param {string} key @param {(notification: string) => void} onOpen */
export function startFeed(key, onOpen) {
  const list = byId('feed');
  /** @type {HTMLElement[]} newest first */
  let waiting = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const draw = () => {
    timer = undefined;
    byId('feed-empty').hidden = true;
    list.prepend(...waiting);
    waiting = [];
    for (const item of [...list.children].slice(SHOWN)) item.remove();
  };
  const socket = openSocket(() => key);
  const following = follow({
    socket,
    query: FEED,
    variables: () => ({}),
    onData: (/** @type {{ deliveryUpdated: FeedDelivery }} */ { deliveryUpdated }) => {
      waiting.unshift(row(deliveryUpdated, onOpen));
      waiting.length = Math.min(waiting.length, SHOWN);
      timer ??= setTimeout(draw, DRAW_EVERY_MS);
    },
    onState: showConnection,
  });
  return {
    stop: () => {
      clearTimeout(timer);
      following.stop();
      list.replaceChildren();
    },
  };
}

/** @param {FeedDelivery} delivery @param {(notification: string) => void} onOpen */
function row({ channel, state, address, provider, skipReason, user, notification }, onOpen) {
  const to = [user?.id, address].filter(Boolean).join(' · ');
  const how = skipReason ? skipReason.toLowerCase().replaceAll('_', ' ') : provider ? `by ${provider}` : '';
  return h(
    'li',
    { 'data-state': state },
    h('span', {}, channelTag(channel), stateTag(state)),
    h('span', { class: 'muted at' }, clockTime(new Date().toISOString())),
    h('span', { class: 'muted', title: to }, [to, how].filter(Boolean).join(' · ')),
    h('button', { type: 'button', class: 'row-link', onclick: () => onOpen(notification.id) }, 'open'),
  );
}
