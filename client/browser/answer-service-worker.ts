/**
 * Tells Herald's service worker whether this page shows a notification, so that a push does not show it a second time.
 */
import { browser, listenTo } from './environment.ts';

/** The question's `type`; herald-sw.js has the same. The answer on the message's port is a boolean, or first `wait`. */
const IS_SHOWN = 'herald:is-shown';
/** A push may overtake the inbox's event: the answer waits this long for it. */
const WAIT_MS = 1_500;

interface ShownInbox {
  isLive(): boolean;
  /** Whether a message of this notification is in the inbox. */
  has(notification: string): boolean;
  subscribe(listener: () => void): () => void;
}

interface Question {
  readonly data: { readonly type?: unknown; readonly notification?: unknown } | null;
  readonly ports: readonly { postMessage(answer: boolean | 'wait'): void }[];
}

/** Answers from now on. Returns what ends it. */
export function answerServiceWorker(inbox: ShownInbox): () => void {
  const workers = browser.navigator?.serviceWorker;
  const stop = listenTo(workers, 'message', ({ data, ports: [port] }: Question) => {
    const notification = data?.notification;
    if (data?.type !== IS_SHOWN || typeof notification !== 'string' || !port) return;
    port.postMessage('wait');
    void isShown(inbox, notification).then((answer) => port.postMessage(answer));
  });
  workers?.startMessages?.();
  return stop;
}

const isInSight = (): boolean => browser.document?.visibilityState === 'visible';

function isShown(inbox: ShownInbox, notification: string): Promise<boolean> {
  if (!isInSight() || !inbox.isLive()) return Promise.resolve(false);
  return new Promise((resolve) => {
    const answer = (shown: boolean) => {
      clearTimeout(late);
      stop();
      resolve(shown);
    };
    const late = setTimeout(() => answer(false), WAIT_MS);
    const stop = inbox.subscribe(() => {
      if (inbox.has(notification)) answer(isInSight());
    });
    if (inbox.has(notification)) answer(isInSight());
  });
}
