/** Browser push: this browser takes notifications of the person, also when no page of Herald is open. */
import { byId } from '../lib/dom.js';
import { request, sentenceOf } from '../lib/graphql-http.js';

const KEY = 'query VapidPublicKey { vapidPublicKey }';
const REGISTER = `mutation RegisterPush($subscription: PushSubscriptionInput!) {
  registerPushSubscription(subscription: $subscription) { id }
}`;
const REMOVE = 'mutation RemovePush($endpoint: String!) { removePushSubscription(endpoint: $endpoint) }';

/** Without internet `pushManager.subscribe` neither answers nor fails. */
const PUSH_SERVICE_TIMEOUT_MS = 8_000;

const TEXTS = {
  off: 'Notifications of this browser, also when no page of Herald is open.',
  on: 'This browser shows notifications, also when no page of Herald is open.',
  asking: 'Asking for your permission…',
  subscribing: "Asking this browser's push service…",
  denied:
    'This browser does not allow notifications here. Allow them in its settings for this site, then try again.',
  unsupported: 'This browser has no web push here: it needs https, or http://localhost.',
  unanswered: `This browser's push service did not answer within ${PUSH_SERVICE_TIMEOUT_MS / 1_000} seconds. It is on the internet, and this browser may not reach it.`,
};

class PushRefused extends Error {}

/** @param {import('./session.js').DemoSession} session */
export async function startPush(session) {
  const button = byId('push', HTMLButtonElement);
  const status = byId('push-status');
  const say = (/** @type {string} */ text, bad = false) => {
    status.textContent = text;
    status.classList.toggle('bad-text', bad);
  };
  if (!('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window))
    return say(TEXTS.unsupported);

  const registration = await navigator.serviceWorker.register(
    '/herald-sw.js?home=/inbox&icon=/assets/herald.svg',
    { scope: '/' },
  );
  let isOn =
    Notification.permission === 'granted' && (await registration.pushManager.getSubscription()) !== null;
  const showState = () => {
    button.textContent = isOn ? 'Turn off browser push' : 'Turn on browser push';
    button.disabled = false;
  };
  say(isOn ? TEXTS.on : TEXTS.off);
  showState();

  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      if (isOn) await turnOff(session, registration);
      else await turnOn(session, registration, say);
      isOn = !isOn;
      say(isOn ? TEXTS.on : TEXTS.off);
    } catch (error) {
      say(sentenceOf(error), true);
    } finally {
      showState();
    }
  });
}

/**
 * @param {import('./session.js').DemoSession} session
 * @param {ServiceWorkerRegistration} registration
 * @param {(text: string) => void} say
 */
async function turnOn(session, registration, say) {
  say(TEXTS.asking);
  if ((await Notification.requestPermission()) !== 'granted') throw new PushRefused(TEXTS.denied);
  say(TEXTS.subscribing);
  const { vapidPublicKey } = /** @type {{ vapidPublicKey: string }} */ (
    await request(await session.userToken(), KEY)
  );
  await navigator.serviceWorker.ready;
  const subscription = await answerInTime(subscribe(registration.pushManager, vapidPublicKey));
  const { endpoint, keys, expirationTime } = subscription.toJSON();
  await request(await session.userToken(), REGISTER, { subscription: { endpoint, keys, expirationTime } });
}

/** @param {PushManager} manager @param {string} applicationServerKey */
async function subscribe(manager, applicationServerKey) {
  const options = { userVisibleOnly: true, applicationServerKey };
  try {
    return await manager.subscribe(options);
  } catch (error) {
    // The browser holds a subscription for another key: that of an earlier installation.
    if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error;
    await (await manager.getSubscription())?.unsubscribe();
    return manager.subscribe(options);
  }
}

/** @param {Promise<PushSubscription>} answer @returns {Promise<PushSubscription>} */
function answerInTime(answer) {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new PushRefused(TEXTS.unanswered));
    }, PUSH_SERVICE_TIMEOUT_MS);
    answer.then(
      (subscription) => {
        clearTimeout(timer);
        // The person was told that it did not work: so it must not.
        if (late) subscription.unsubscribe().catch((error) => console.warn('push:', error));
        else resolve(subscription);
      },
      (error) => {
        clearTimeout(timer);
        reject(new PushRefused(`This browser's push service refused: ${sentenceOf(error)}`));
      },
    );
  });
}

/** @param {import('./session.js').DemoSession} session @param {ServiceWorkerRegistration} registration */
async function turnOff(session, registration) {
  const subscription = await registration.pushManager.getSubscription();
  if (!subscription) return;
  await request(await session.userToken(), REMOVE, { endpoint: subscription.endpoint });
  await subscription.unsubscribe();
}
