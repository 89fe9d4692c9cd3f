/** The timeline of the last notification that was sent, live until it is completed. */
import { stateTag } from '../lib/channels.js';
import { byId, fill } from '../lib/dom.js';
import { follow, openSocket } from '../lib/live.js';
import { showTimeline, TIMELINE_FIELDS } from '../lib/timeline.js';

const UPDATES = `subscription Updates($id: ID!) {
  notificationUpdated(id: $id) { id state ${TIMELINE_FIELDS} }
}`;

/** @typedef {{ notificationUpdated: { id: string, state: string, timeline: import('../lib/timeline.js').TimelineEntry[] } }} Update */

export class TimelinePanel {
  #socket;
  #onChange;
  /** @type {{ stop(): void } | undefined} */
  #following;

  /** @param {import('./session.js').DemoSession} session @param {() => void} onChange called after each change of what is shown */
  constructor(session, onChange) {
    this.#socket = openSocket(session.appKey);
    this.#onChange = onChange;
  }

  /** @param {string} id of the notification to show from now on */
  show(id) {
    this.#following?.stop();
    const hops = byId('hops');
    fill(hops);
    byId('timeline-empty').hidden = true;
    fill(byId('timeline-note'), id);
    this.#following = follow({
      socket: this.#socket,
      query: UPDATES,
      variables: () => ({ id }),
      onData: (/** @type {Update} */ { notificationUpdated: { state, timeline } }) => {
        showTimeline(hops, timeline);
        fill(byId('timeline-note'), stateTag(state), ' ', id);
        this.#onChange();
      },
      onComplete: this.#onChange,
      // Errors of the operation itself come as a list; a broken socket does not.
      isFinal: (error) => Array.isArray(error),
    });
  }
}
