/** The light in the page's head that tells whether what is shown is live. */
import { byId } from './dom.js';

const TEXTS = { connecting: 'Connecting…', live: 'Live', waiting: 'Reconnecting…' };

/** @param {import('./live.js').LiveState} state */
export function showConnection(state) {
  const light = byId('connection');
  if (light.dataset.state === state) return;
  light.dataset.state = state;
  light.textContent = TEXTS[state];
}
