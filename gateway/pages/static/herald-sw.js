/** Herald's service worker: shows push messages and opens what they point to. A plain script, at the site's root. */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

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

function show({ title, body, url, imageUrl, data, notification, delivery }) {
  return worker.registration.showNotification(title ?? 'Herald', {
    body: body ?? '',
    icon: '/assets/herald.svg',
    ...(imageUrl && { image: imageUrl }),
    // A message that comes twice replaces itself.
    ...(delivery && { tag: delivery }),
    data: { url, data, notification, delivery },
  });
}

worker.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(open(linkOf(event.notification.data?.url)));
});

/** http and https alone; without one, the inbox. */
function linkOf(url) {
  const home = new URL('/inbox', worker.location.origin);
  if (!url || !URL.canParse(url, home)) return home.href;
  const link = new URL(url, home);
  return link.protocol === 'https:' || link.protocol === 'http:' ? link.href : home.href;
}

async function open(href) {
  const windows = await worker.clients.matchAll({ type: 'window', includeUncontrolled: true });
  const there = windows.find((client) => client.url === href);
  return there ? there.focus() : worker.clients.openWindow(href);
}
