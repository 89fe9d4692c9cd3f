/** Web push: this browser takes a person's notifications, also when no page is open (https://www.w3.org/TR/push-api/). */
import type { GraphqlSocket } from '../graphql-socket.ts';
import { HeraldInboxError } from '../inbox-error.ts';
import { REGISTER_PUSH, REMOVE_PUSH, VAPID_KEY } from '../operations.ts';
import { isSameKey } from './vapid-key.ts';
import { type HeraldOptions, withHerald } from './with-herald.ts';

export interface PushOptions extends HeraldOptions {
  /** Of this page's own origin. Usually `/herald-sw.js`; its parameters `home` and `icon` are told there. */
  readonly serviceWorkerUrl?: string;
}

/** `denied`: the person said no, and only the browser's settings can change that. */
export type PushState = 'unsupported' | 'denied' | 'off' | 'on';

const SERVICE_WORKER = '/herald-sw.js';
/** Without internet `pushManager.subscribe` neither answers nor fails. */
const PUSH_SERVICE_TIMEOUT_MS = 8_000;

/** A `HeraldInboxError` of web push. UNSUPPORTED, DENIED and PUSH_SERVICE are its codes besides the contract's. */
const pushError = (code: 'UNSUPPORTED' | 'DENIED' | 'PUSH_SERVICE', message: string): HeraldInboxError =>
  new HeraldInboxError({ code, message });

const isSupported = (): boolean =>
  'serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window;

/** How it is now, without asking anybody. */
export async function pushState(options: Pick<PushOptions, 'serviceWorkerUrl'> = {}): Promise<PushState> {
  if (!isSupported()) return 'unsupported';
  if (Notification.permission === 'denied') return 'denied';
  return Notification.permission === 'granted' && (await subscriptionNow(options)) ? 'on' : 'off';
}

/**
 * Asks for permission where it was not given, and has this browser's notifications sent here. Call it from a click:
 * browsers ask for permission only then.
 * @throws HeraldInboxError UNSUPPORTED, DENIED, PUSH_SERVICE (the browser's own service refused or is silent), or what
 * Herald says.
 */
export async function enablePush(options: PushOptions): Promise<void> {
  if (!isSupported())
    throw pushError('UNSUPPORTED', 'This browser has no web push here: it needs https, or http://localhost.');
  if ((await Notification.requestPermission()) !== 'granted')
    throw pushError(
      'DENIED',
      'This browser does not allow notifications here: its settings for this site do.',
    );
  const registration = await navigator.serviceWorker.register(options.serviceWorkerUrl ?? SERVICE_WORKER);
  await activated(registration);
  await withHerald(options, (herald) => register(herald, registration.pushManager));
}

/**
 * Call it when a page opens: where push is on, it is registered once more, for whoever is signed in now. After Herald's
 * VAPID key was changed, or the browser dropped its subscription, it subscribes anew. Never asks for permission.
 * @returns whether push is on. @throws HeraldInboxError as `enablePush`.
 */
export async function refreshPush(options: PushOptions): Promise<boolean> {
  if (!isSupported() || Notification.permission !== 'granted') return false;
  const registration = await registrationNow(options);
  if (!registration) return false;
  await withHerald(options, (herald) => register(herald, registration.pushManager));
  return true;
}

/** Ends it, at Herald first. Does nothing where it is off. @throws HeraldInboxError what Herald says. */
export async function disablePush(options: PushOptions): Promise<void> {
  const subscription = isSupported() ? await subscriptionNow(options) : null;
  if (!subscription) return;
  await withHerald(options, (herald) => herald.request(REMOVE_PUSH, { endpoint: subscription.endpoint }));
  await subscription.unsubscribe();
  const registration = await registrationNow(options);
  await registration?.unregister();
}

async function register(herald: GraphqlSocket, manager: PushManager): Promise<void> {
  const { vapidPublicKey } = await herald.request(VAPID_KEY);
  let subscription = await manager.getSubscription();
  if (subscription && !isSameKey(subscription.options.applicationServerKey, vapidPublicKey)) {
    // Nothing can be sent to it any more.
    await herald.request(REMOVE_PUSH, { endpoint: subscription.endpoint });
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription ??= await subscribed(manager, vapidPublicKey);
  const { endpoint, keys, expirationTime } = subscription.toJSON();
  await herald.request(REGISTER_PUSH, {
    subscription: { endpoint, keys, expirationTime },
    userAgent: navigator.userAgent,
  });
}

function subscribed(manager: PushManager, applicationServerKey: string): Promise<PushSubscription> {
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      const waited = `${PUSH_SERVICE_TIMEOUT_MS / 1_000} seconds`;
      reject(pushError('PUSH_SERVICE', `This browser's push service did not answer within ${waited}.`));
    }, PUSH_SERVICE_TIMEOUT_MS);
    manager.subscribe({ userVisibleOnly: true, applicationServerKey }).then(
      (subscription) => {
        clearTimeout(timer);
        // The person was told that it did not work: so it must not.
        if (isLate) subscription.unsubscribe().catch((error: unknown) => console.warn('herald:', error));
        else resolve(subscription);
      },
      (error: unknown) => {
        clearTimeout(timer);
        const reason = error instanceof Error ? error.message : String(error);
        reject(pushError('PUSH_SERVICE', `This browser's push service refused: ${reason}`));
      },
    );
  });
}

/** The registration of this very script: a page may have others. */
async function registrationNow({
  serviceWorkerUrl = SERVICE_WORKER,
}: Pick<PushOptions, 'serviceWorkerUrl'>): Promise<ServiceWorkerRegistration | undefined> {
  const path = new URL(serviceWorkerUrl, location.href).pathname;
  const registrations = await navigator.serviceWorker.getRegistrations();
  return registrations.find(({ active, waiting, installing }) => {
    const worker = active ?? waiting ?? installing;
    return worker && new URL(worker.scriptURL).pathname === path;
  });
}

const subscriptionNow = async (
  options: Pick<PushOptions, 'serviceWorkerUrl'>,
): Promise<PushSubscription | null> =>
  (await (await registrationNow(options))?.pushManager.getSubscription()) ?? null;

/** `pushManager.subscribe` wants a worker that runs. */
function activated(registration: ServiceWorkerRegistration): Promise<void> {
  const worker = registration.installing ?? registration.waiting;
  if (registration.active || !worker) return Promise.resolve();
  return new Promise((resolve, reject) => {
    worker.addEventListener('statechange', () => {
      if (worker.state === 'activated') resolve();
      else if (worker.state === 'redundant')
        reject(pushError('UNSUPPORTED', 'The service worker could not be installed.'));
    });
  });
}
