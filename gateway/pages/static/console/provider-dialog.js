/** One provider account: its health, a test message, its form. */
import { stateTag } from '../lib/channels.js';
import { byId, fill, h } from '../lib/dom.js';
import { request, sentenceOf } from '../lib/graphql-http.js';
import { icon } from '../lib/icons.js';
import { span } from '../lib/moments.js';
import { fillProviderForm } from './provider-form.js';
import { healthFacts } from './provider-health.js';

const TEST = `mutation TestProvider($id: ID!, $to: String!, $source: ProviderAccountSource!) {
  testProvider(id: $id, to: $to, source: $source) { outcome code message latencyMs }
}`;

/**
 * @typedef {import('./providers.js').Account} Account
 * @typedef {import('./provider-form.js').Provider} Provider
 */

/** @param {string} key @param {(id: string | undefined) => void} onChanged told which account is there now, if any */
export function startProviderDialog(key, onChanged) {
  const dialog = byId('provider', HTMLDialogElement);
  const form = byId('provider-form', HTMLFormElement);
  const test = byId('provider-test', HTMLFormElement);
  const to = byId('provider-to', HTMLInputElement);
  const sending = byId('provider-send-test', HTMLButtonElement);
  const result = byId('provider-test-result');
  const ending = new AbortController();
  /** The account that is shown; a new one without. @type {Account | undefined} */
  let shown;
  /** @type {(event: Event) => Promise<void>} */
  let submit = async () => undefined;

  /** @param {Account} account */
  function showHealth(account) {
    fill(byId('provider-state'), stateTag(account.health.state));
    fill(byId('provider-health'), healthFacts(account.health, account.dailyQuota, account.receiptPath));
  }

  /** @param {Account | undefined} account @param {readonly Provider[]} providers @param {string} [note] */
  function show(account, providers, note = '') {
    shown = account;
    const isSettings = account?.source === 'SETTINGS';
    byId('provider-title').textContent = account?.id ?? 'New provider account';
    fill(byId('provider-state'));
    fill(byId('provider-health'));
    if (account) showHealth(account);
    test.hidden = !account;
    byId('provider-from-settings').hidden = !isSettings;
    fill(form);
    submit = async (event) => event.preventDefault();
    if (isSettings) {
      if (account.config) fill(form, h('h3', {}, 'Configuration'), shownConfig(account, providers));
    } else
      submit = fillProviderForm(form, key, providers, account, {
        onSaved: onChanged,
        onDeleted: () => {
          dialog.close();
          onChanged(undefined);
        },
      });
    const place = form.querySelector('#provider-note');
    if (place) place.textContent = note;
  }

  async function sendTest() {
    if (!shown) return;
    const { id, source } = shown;
    sending.disabled = true;
    result.className = 'muted';
    result.textContent = 'Under way …';
    try {
      const { testProvider: told } =
        /** @type {{ testProvider: { outcome: string, code: string | null, message: string | null, latencyMs: number } }} */ (
          await request(key, TEST, { id, to: to.value.trim(), source })
        );
      const isTaken = told.outcome === 'ACCEPTED';
      result.className = isTaken ? '' : 'bad-text';
      result.textContent = isTaken
        ? `The provider took it in ${span(told.latencyMs)}.`
        : [told.code, told.message].filter(Boolean).join(': ');
    } catch (error) {
      result.className = 'bad-text';
      result.textContent = sentenceOf(error);
    }
    sending.disabled = false;
  }

  fill(byId('provider-close'), icon('cross'));
  const { signal } = ending;
  byId('provider-close').addEventListener('click', () => dialog.close(), { signal });
  form.addEventListener('submit', (event) => submit(event), { signal });
  test.addEventListener(
    'submit',
    (event) => {
      event.preventDefault();
      sendTest();
    },
    { signal },
  );

  return {
    /** @param {Account | undefined} account a new one without @param {readonly Provider[]} providers @param {string} [note] */
    open(account, providers, note) {
      if (account?.id !== shown?.id || !dialog.open) {
        to.value = '';
        fill(result);
      }
      show(account, providers, note);
      if (!dialog.open) dialog.showModal();
    },
    /** What is known of it by now; the form stays as it is. @param {readonly Account[]} accounts */
    refresh(accounts) {
      const now = accounts.find(({ id, source }) => id === shown?.id && source === shown?.source);
      if (dialog.open && now) showHealth(now);
    },
    stop() {
      ending.abort();
      dialog.close();
      fill(form);
    },
  };
}

/** @param {Account} account @param {readonly Provider[]} providers */
function shownConfig({ provider, config, secretsSet, ratePerSecond, dailyQuota }, providers) {
  const titles = providers.find(({ id }) => id === provider)?.configSchema.properties ?? {};
  const values = Object.entries(config ?? {}).map(([name, value]) => [
    titles[name]?.title ?? name,
    secretsSet.includes(name) ? 'set' : typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  const limits = [
    ['Messages a second', ratePerSecond],
    ['Messages a day (UTC)', dailyQuota],
  ].filter(([, value]) => value !== null);
  return h(
    'dl',
    { class: 'facts' },
    ...[['Provider', provider], ...values, ...limits].flatMap(([name, value]) => [
      h('dt', {}, name),
      h('dd', {}, value),
    ]),
  );
}
