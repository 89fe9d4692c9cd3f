/** Subscriptions that stay: over graphql-transport-ws, started again with growing pauses when they break. */
import { createClient } from '/assets/vendor/graphql-ws/client.js';

/** @typedef {'connecting' | 'live' | 'waiting'} LiveState */

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 15_000;

/**
 * A socket for one credential. It opens with the first subscription and closes after the last.
 * @param {() => Promise<string> | string} credential asked for at each connection, so that a renewed one is used
 */
export function openSocket(credential) {
  const address = new URL('/graphql', location.href);
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
  return createClient({
    url: address.href,
    connectionParams: async () => ({ authorization: `Bearer ${await credential()}` }),
    // The pauses and the place to resume from are `follow`'s.
    retryAttempts: 0,
    keepAlive: 20_000,
  });
}

/**
 * Follows a subscription until it is stopped, or until the server completes it.
 *
 * @template T
 * @param {object} options
 * @param {import('/assets/vendor/graphql-ws/client.js').Client} options.socket
 * @param {string} options.query
 * @param {() => Record<string, unknown>} options.variables asked at each start, so that it resumes where it was
 * @param {(data: T) => void} options.onData
 * @param {(state: LiveState) => void} [options.onState]
 * @param {() => void} [options.onComplete]
 * @param {(error: unknown) => boolean} [options.isFinal] whether trying again is useless
 * @returns {{ stop(): void, restart(): void }}
 */
export function follow({ socket, query, variables, onData, onState, onComplete, isFinal }) {
  let stopped = false;
  let failures = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pause;
  /** @type {(() => void) | undefined} */
  let dispose;
  /** Tells what belongs to the present start from what comes late from an earlier one. */
  let turn = 0;

  const start = () => {
    clearTimeout(pause);
    pause = undefined;
    dispose?.();
    turn += 1;
    const mine = turn;
    const current = () => !stopped && mine === turn;
    onState?.('connecting');
    dispose = socket.subscribe(
      { query, variables: variables() },
      {
        next: ({ data, errors }) => {
          if (!current()) return;
          failures = 0;
          if (data) onData(/** @type {T} */ (data));
          else if (errors?.[0]) console.warn('subscription:', errors[0].message);
        },
        error: (error) => {
          if (!current()) return;
          if (isFinal?.(error)) return stop();
          failures += 1;
          const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
          // Half of it by chance, so that not all browsers come back at the same moment.
          pause = setTimeout(start, longest / 2 + (Math.random() * longest) / 2);
          onState?.('waiting');
        },
        complete: () => {
          if (!current()) return;
          stop();
          onComplete?.();
        },
      },
    );
  };
  const offConnected = socket.on('connected', () => {
    if (!stopped && !pause) onState?.('live');
  });
  const soon = () => {
    if (pause && document.visibilityState === 'visible') start();
  };
  window.addEventListener('online', soon);
  document.addEventListener('visibilitychange', soon);

  const stop = () => {
    stopped = true;
    clearTimeout(pause);
    offConnected();
    window.removeEventListener('online', soon);
    document.removeEventListener('visibilitychange', soon);
    dispose?.();
  };
  start();
  return { stop, restart: start };
}
