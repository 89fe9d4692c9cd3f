/** /console: what operators watch. */
import { byId } from '../lib/dom.js';
import { RequestFailed, request, sentenceOf } from '../lib/graphql-http.js';
import { refreshTimes } from '../lib/moments.js';
import { showCatalog } from './catalog.js';
import { startDeadLetters } from './dead-letters.js';
import { startDetail } from './detail.js';
import { startFeed } from './feed.js';
import { startNotifications } from './notifications.js';
import { startNumbers } from './numbers.js';
import { operatorKey } from './operator-key.js';
import { startPackages } from './packages.js';
import { startProviders } from './providers.js';

/** Only operators are answered. */
const WHO = 'query Operator { operatorKeys { id } }';

/** @type {{ stop(): void }[]} */
let running = [];

/** @param {unknown} error */
function onError(error) {
  if (error instanceof RequestFailed && error.code === 'UNAUTHENTICATED') return signOut(error.message);
  const notice = byId('notice');
  notice.textContent = sentenceOf(error);
  notice.hidden = false;
}

/** @param {boolean} signedIn */
function showSignedIn(signedIn) {
  byId('sign-in').hidden = signedIn;
  for (const id of ['signed-in', 'sign-out', 'connection']) byId(id).hidden = !signedIn;
  byId('notice').hidden = true;
}

/** @param {string} [reason] */
function signOut(reason = '') {
  operatorKey.forget();
  for (const part of running) part.stop();
  running = [];
  showSignedIn(false);
  byId('sign-in-error').textContent = reason;
  byId('key').focus();
}

/** @param {string} key */
async function signIn(key) {
  await request(key, WHO);
  operatorKey.set(key);
  showSignedIn(true);
  const reload = () => Promise.all([notifications.reload(), deadLetters.reload()]);
  const detail = startDetail(key, reload);
  const open = (/** @type {string} */ id) => detail.open(id);
  const notifications = startNotifications(key, { onOpen: open, onError });
  const deadLetters = startDeadLetters(key, {
    onOpen: open,
    onError,
    onChanged: () => notifications.reload(),
  });
  running = [
    detail,
    notifications,
    deadLetters,
    startNumbers(key, onError),
    startFeed(key, open),
    startProviders(key, onError),
    startPackages(key, onError),
  ];
  await showCatalog(key).catch(onError);
}

const field = byId('key', HTMLInputElement);
byId('sign-in').addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    await signIn(field.value.trim());
    field.value = '';
  } catch (error) {
    signOut(sentenceOf(error));
  }
});
byId('sign-out').addEventListener('click', () => signOut());
setInterval(() => refreshTimes(), 10_000);

const kept = operatorKey.get();
if (kept) await signIn(kept).catch((error) => signOut(sentenceOf(error)));
else signOut();
