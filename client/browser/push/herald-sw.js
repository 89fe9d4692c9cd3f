/**
 * Herald's service worker: shows push messages and opens what they point to. A plain script, at the site's root.
 *
 * Its address may say `home` (what a message without a link opens; usually `/`), `icon`, and `herald` (where Herald is,
 * for reports that a message was shown, clicked or dismissed; usually this site), for example
 * `/herald-sw.js?home=/inbox&icon=/logo.png&herald=https://herald.example.com`.
 */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** The question to pages; answer-service-worker.ts has the same. */
const IS_SHOWN = 'herald:is-shown';
/** A page that has an inbox says at once that it will answer; one without says nothing. */
const FIRST_WORD_MS = 300;
const ANSWER_MS = 2_500;

const settings = new URL(worker.location.href).searchParams;

worker.addEventListener('install', () => worker.skipWaiting());
worker.addEventListener('activate', (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener('push', (event) => {
  event.waitUntil(show(payloadOf(event)));
});

/** A browser that gets a push must show something, so an unreadable one is shown as it is. */
function payloadOf(event) {
  try {
    return event.data?.json() ?? {};
  } catch {
    return { body: event.data.text() };
  }
}

/** `data.tag` groups: a message takes the place of the one before it with the same tag, and alerts again. */
async function show({ title, body, url, imageUrl, data, notification, delivery, report }) {
  if (notification && (await isShown(notification))) return tell('shown', { delivery, report });
  const group = typeof data?.tag === 'string' && data.tag !== '' ? data.tag : undefined;
  // Without a group, a message that comes twice replaces itself.
  const tag = group ?? delivery;
  const icon = settings.get('icon');
  const buttons = buttonsOf(data);
  await worker.registration.showNotification(title ?? 'Herald', {
    body: body ?? '',
    ...(icon && { icon }),
    ...(imageUrl && { image: imageUrl }),
    ...(tag && { tag }),
    ...(group && { renotify: true }),
    ...(buttons.length > 0 && {
      actions: buttons.map((button, index) => ({ action: `herald-${index}`, title: button.title })),
    }),
    data: { url, data, notification, delivery, report },
  });
  await tell('shown', { delivery, report });
}

/** `data.actions`: what a template's buttons are. Browsers show two or three. */
function buttonsOf(data) {
  const actions = Array.isArray(data?.actions) ? data.actions : [];
  return actions.filter((action) => typeof action?.title === 'string').slice(0, 3);
}

/** Whether a page in sight has this notification in its live inbox. */
async function isShown(notification) {
  const windows = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const answers = windows
    .filter(({ visibilityState }) => visibilityState === 'visible')
    .map((page) => ask(page, notification));
  return (await Promise.all(answers)).includes(true);
}

/** @returns {Promise<boolean>} */
function ask(page, notification) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const answer = (shown) => {
      clearTimeout(late);
      port1.close();
      resolve(shown);
    };
    let late = setTimeout(answer, FIRST_WORD_MS, false);
    port1.onmessage = ({ data }) => {
      if (data !== 'wait') return answer(data === true);
      clearTimeout(late);
      late = setTimeout(answer, ANSWER_MS, false);
    };
    page.postMessage({ type: IS_SHOWN, notification }, [port2]);
  });
}

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  const { data } = event.notification;
  const pressed = buttonsOf(data?.data).find((_button, index) => event.action === `herald-${index}`);
  event.waitUntil(Promise.all([open(linkOf(pressed?.url ?? data?.url)), tell('clicked', data)]));
});

worker.addEventListener('notificationclose', (event) => {
  event.waitUntil(tell('dismissed', event.notification.data));
});

/** Reports to Herald. Whoever is offline has seen the message all the same: a report that does not arrive is not made up for. */
async function tell(event, { delivery, report } = {}) {
  if (!delivery || !report) return;
  const herald = settings.get('herald') ?? worker.location.origin;
  try {
    await fetch(`${herald.replace(/\/$/, '')}/receipts/${encodeURIComponent(report.account)}`, {
      method: 'POST',
      // Text needs no leave of another origin, and no answer is awaited of it.
      mode: 'no-cors',
      credentials: 'omit',
      keepalive: true,
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify({ delivery, event, token: report.token }),
    });
  } catch (error) {
    console.warn('herald: not reported:', error);
  }
}

/** http and https alone; without one, home. */
function linkOf(url) {
  const home = new URL(settings.get('home') ?? '/', worker.location.origin);
  if (!url || !URL.canParse(url, home)) return home.href;
  const link = new URL(url, home);
  return link.protocol === 'https:' || link.protocol === 'http:' ? link.href : home.href;
}

async function open(href) {
  const windows = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const there = windows.find((client) => client.url === href);
  return there ? there.focus() : worker.clients.openWindow(href);
}
