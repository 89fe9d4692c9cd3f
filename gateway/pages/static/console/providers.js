/** Provider accounts: by channel, in the order in which they are tried, and how they fare. */
import { CHANNEL_NAMES, channelTag } from '../lib/channels.js';
import { byId, fill, h } from '../lib/dom.js';
import { request, sentenceOf } from '../lib/graphql-http.js';
import { newestOnly } from '../lib/newest-only.js';
import { startProviderDialog } from './provider-dialog.js';
import { HEALTH_FIELDS, healthCell, lastMinute } from './provider-health.js';

const LIST = `query ProviderAccounts($withProviders: Boolean!) {
  providers @include(if: $withProviders) { id name channels configSchema secretFields installation }
  providerAccounts {
    id source provider channels config secretsSet order weight apps ratePerSecond dailyQuota enabled receiptPath
    allowedHours { from to timezone } ${HEALTH_FIELDS}
  }
}`;
const ENABLE = `mutation EnableProviderAccount($id: ID!, $enabled: Boolean!) {
  setProviderAccountEnabled(id: $id, enabled: $enabled) { id }
}`;
const REFRESH_MS = 5_000;

/**
 * @typedef {{ id: string, source: 'WORKSPACE' | 'SETTINGS', provider: string, channels: string[] | null,
 *   config: Readonly<Record<string, unknown>> | null, secretsSet: string[], order: number, weight: number,
 *   apps: string[] | null, ratePerSecond: number | null, dailyQuota: number | null, enabled: boolean, receiptPath: string | null,
 *   allowedHours: { from: string, to: string, timezone: string } | null,
 *   health: import('./provider-health.js').Health }} Account
 * @typedef {import('./provider-form.js').Provider} Provider
 * @typedef {{ providers?: Provider[], providerAccounts: Account[] }} Answer
 */

/** @param {string} key @param {(error: unknown) => void} onError */
export function startProviders(key, onError) {
  const add = byId('providers-new', HTMLButtonElement);
  const note = byId('providers-note');
  const ending = new AbortController();
  /** They stay as they are while the dispatchers run: asked for until there are some. @type {Provider[]} */
  let providers = [];
  /** @type {Account[]} */
  let accounts = [];
  note.textContent = '';
  const dialog = startProviderDialog(key, async (id) => {
    await load();
    if (id === undefined) return;
    const saved = accounts.find((one) => one.id === id && one.source === 'WORKSPACE');
    if (saved) dialog.open(saved, providers, 'Saved.');
  });

  /** @returns {Promise<Answer>} */
  const ask = () => request(key, LIST, { withProviders: providers.length === 0 });
  const take = (/** @type {Answer} */ answer) => {
    if (ending.signal.aborted) return;
    providers = answer.providers ?? providers;
    accounts = answer.providerAccounts;
    show();
    dialog.refresh(accounts);
  };
  const load = newestOnly(ask, take, onError);

  function show() {
    add.disabled = providers.length === 0;
    const own = accounts.filter(({ source }) => source === 'WORKSPACE').length;
    byId('providers-count').textContent =
      `${own} of this workspace, ${accounts.length - own} of the settings`;
    byId('providers-empty').hidden = accounts.length > 0;
    const rows = groupsOf(accounts, providers).flatMap(({ channels, serving }) => [
      groupRow(channels),
      ...serving.map((account) => accountRow(channels[0] ?? '', account)),
    ]);
    withFocusKept(byId('providers'), () => fill(byId('providers'), ...rows));
  }

  /** @param {readonly string[]} channels */
  const groupRow = (channels) =>
    h(
      'tr',
      { 'data-channel': channels.join(' ') },
      h(
        'th',
        { scope: 'rowgroup', colspan: 6 },
        h('span', { class: 'channel-names' }, ...channels.map(channelTag)),
      ),
    );

  /** @param {string} channel the first of its group @param {Account} account */
  function accountRow(channel, account) {
    const { id, source, provider, order, weight, enabled, health } = account;
    const isSettings = source === 'SETTINGS';
    const name = providers.find((one) => one.id === provider)?.name ?? provider;
    const toggle = h('input', {
      type: 'checkbox',
      role: 'switch',
      'aria-label': `${id} enabled`,
      'data-focus': `${channel} ${id} enabled`,
      onchange: () => setEnabled(id, toggle),
    });
    toggle.checked = enabled;
    return h(
      'tr',
      { 'data-account': id, 'data-source': source },
      h(
        'td',
        { class: 'account' },
        h(
          'button',
          {
            type: 'button',
            class: 'row-link',
            'data-focus': `${channel} ${id} ${source}`,
            onclick: () => dialog.open(account, providers),
          },
          id,
        ),
        h(
          'span',
          { class: 'muted' },
          [name !== id && name, isSettings && 'of the settings'].filter(Boolean).join(', '),
        ),
      ),
      h('td', { class: 'well' }, ...healthCell(health)),
      h('td', { class: 'number' }, isSettings ? h('span', { class: 'muted' }, 'behind') : order),
      h('td', { class: 'number' }, isSettings ? '–' : weight),
      h('td', { class: 'number' }, lastMinute(health)),
      h('td', {}, isSettings ? h('span', { class: 'muted' }, 'always') : toggle),
    );
  }

  /** @param {string} id @param {HTMLInputElement} toggle */
  async function setEnabled(id, toggle) {
    try {
      await request(key, ENABLE, { id, enabled: toggle.checked });
      note.textContent = `${id} is ${toggle.checked ? 'on' : 'off'}.`;
    } catch (error) {
      note.textContent = sentenceOf(error);
    }
    await load();
  }

  add.addEventListener('click', () => dialog.open(undefined, providers), { signal: ending.signal });
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') load();
  }, REFRESH_MS);
  load();
  return {
    stop() {
      clearInterval(timer);
      ending.abort();
      dialog.stop();
    },
  };
}

/**
 * Channels with the accounts that serve them, in the order in which they are tried: those alike together, those of the
 * workspace first. The sandbox stands in where there is no other.
 * @param {readonly Account[]} accounts @param {readonly Provider[]} providers
 */
function groupsOf(accounts, providers) {
  const channelsOf = (/** @type {Account} */ { channels, provider }) =>
    channels ?? providers.find(({ id }) => id === provider)?.channels ?? [];
  /** @type {Map<string, { channels: string[], serving: readonly Account[] }>} */
  const groups = new Map();
  for (const channel of CHANNEL_NAMES) {
    const able = accounts.filter((account) => channelsOf(account).includes(channel));
    const isCovered = able.some(({ source, enabled }) => source === 'WORKSPACE' && enabled);
    const serving = able.filter(({ provider }) => !(isCovered && provider === 'sandbox'));
    if (serving.length === 0) continue;
    const alike = serving.map(({ source, id }) => `${source} ${id}`).join();
    const group = groups.get(alike) ?? { channels: [], serving };
    group.channels.push(channel);
    groups.set(alike, group);
  }
  const isOwn = (/** @type {{ serving: readonly Account[] }} */ { serving }) =>
    serving[0]?.source === 'WORKSPACE';
  return [...groups.values()].sort((a, b) => Number(isOwn(b)) - Number(isOwn(a)));
}

/** Draws anew, and leaves the keyboard where it was. @param {HTMLElement} place @param {() => void} draw */
function withFocusKept(place, draw) {
  const active = document.activeElement;
  const at = active instanceof HTMLElement && place.contains(active) ? active.dataset.focus : undefined;
  draw();
  if (at === undefined) return;
  const again = place.querySelector(`[data-focus="${CSS.escape(at)}"]`);
  if (again instanceof HTMLElement) again.focus();
}
