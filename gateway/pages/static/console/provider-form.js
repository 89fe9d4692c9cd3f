/** Makes a provider account or changes it. */
import { channelLabel } from '../lib/channels.js';
import { fill, h } from '../lib/dom.js';
import { RequestFailed, request, sentenceOf } from '../lib/graphql-http.js';
import { configFields, Unreadable } from './config-fields.js';
import { clearErrors, field, showError } from './field.js';

const SAVE = `mutation SaveProviderAccount($input: ProviderAccountInput!) {
  saveProviderAccount(input: $input) { id }
}`;
const DELETE = 'mutation DeleteProviderAccount($id: ID!) { deleteProviderAccount(id: $id) }';

/**
 * @typedef {{ id: string, name: string, channels: string[], configSchema: import('./config-fields.js').ConfigSchema,
 *   secretFields: string[], installation: boolean }} Provider
 * @typedef {{ onSaved(id: string): void, onDeleted(id: string): void }} FormEnds
 * @typedef {import('./providers.js').Account} Account
 */

/**
 * Fills a form for an account; a new one without.
 * @param {HTMLElement} form @param {string} key @param {readonly Provider[]} providers
 * @param {Account | undefined} account @param {FormEnds} ends
 * @returns {(event: Event) => Promise<void>} what is to be done on submit
 */
export function fillProviderForm(form, key, providers, account, ends) {
  const id = h('input', {
    id: 'provider-id',
    type: 'text',
    autocomplete: 'off',
    spellcheck: 'false',
    maxlength: 63,
    placeholder: 'sms-eu',
  });
  const which = h(
    'select',
    { id: 'provider-which' },
    ...providers.map(({ id: value, name }) => h('option', { value }, name)),
  );
  const rules = ruleFields(account);
  const configPlace = h('div', {});
  const channelPlace = h('div', { class: 'whole' });
  const note = h('span', { id: 'provider-note', role: 'status' });
  const save = h('button', { type: 'submit', class: 'primary' }, account ? 'Save' : 'Create');

  const chosen = () => providers.find((provider) => provider.id === (account?.provider ?? which.value));
  /** @type {ReturnType<typeof configFields>} */
  let config;
  /** @type {ReturnType<typeof channelFields>} */
  let channels;
  const drawProvider = () => {
    const provider = chosen();
    config = configFields(provider?.configSchema ?? {}, account?.config ?? {}, account?.secretsSet ?? []);
    channels = channelFields(provider?.channels ?? [], account?.channels ?? null);
    fill(configPlace, config.element);
    fill(channelPlace, channels.element);
    channelPlace.hidden = channels.element === undefined;
  };
  which.addEventListener('change', drawProvider);
  drawProvider();

  fill(
    form,
    !account &&
      h(
        'div',
        { class: 'fields' },
        field({ id: 'provider-which', path: 'input.provider', label: 'Provider', required: true }, which),
        field(
          {
            id: 'provider-id',
            path: 'input.id',
            label: 'Id',
            hint: 'Lower-case letters, digits and dashes',
            required: true,
          },
          id,
        ),
      ),
    h('h3', {}, account ? `Configuration of ${chosen()?.name ?? account.provider}` : 'Configuration'),
    configPlace,
    h('h3', {}, 'Rules'),
    h('div', { class: 'fields' }, channelPlace, ...rules.elements),
    h('div', { class: 'form-end' }, save, note, account && deletion(key, account.id, note, ends)),
  );

  return async (event) => {
    event.preventDefault();
    clearErrors(form);
    save.disabled = true;
    fill(note);
    note.className = '';
    try {
      const input = {
        id: account?.id ?? id.value.trim(),
        provider: account?.provider ?? which.value,
        config: config.read(),
        channels: channels.read(),
        ...rules.read(),
      };
      await request(key, SAVE, { input });
      ends.onSaved(input.id);
    } catch (error) {
      const path =
        error instanceof Unreadable ? error.path : error instanceof RequestFailed ? error.field : undefined;
      if (path === undefined || !showError(form, path, sentenceOf(error))) {
        note.className = 'bad-text';
        note.textContent = sentenceOf(error);
      }
    }
    save.disabled = false;
  };
}

/** Asks before it deletes. @param {string} key @param {string} id @param {HTMLElement} note @param {FormEnds} ends */
function deletion(key, id, note, { onDeleted }) {
  const place = h('span', { class: 'apart side-by-side' });
  const ask = h('button', { type: 'button', class: 'danger', onclick: confirm }, 'Delete');
  const sure = h('button', { type: 'button', class: 'danger', onclick: remove }, `Delete ${id}`);
  const keep = h('button', { type: 'button', onclick: () => back(true) }, 'Keep it');
  const question = h('span', { class: 'bad-text', role: 'alert' }, 'Its credentials are gone then.');
  function confirm() {
    fill(place, question, sure, keep);
    keep.focus();
  }
  /** @param {boolean} focus */
  function back(focus) {
    fill(place, ask);
    if (focus) ask.focus();
  }
  async function remove() {
    sure.disabled = true;
    try {
      await request(key, DELETE, { id });
      onDeleted(id);
    } catch (error) {
      note.className = 'bad-text';
      note.textContent = sentenceOf(error);
      sure.disabled = false;
    }
  }
  back(false);
  return place;
}

/** @param {readonly string[]} able @param {readonly string[] | null} chosen */
function channelFields(able, chosen) {
  const boxes = able.map((channel) => {
    const box = h('input', { type: 'checkbox', value: channel });
    box.checked = chosen?.includes(channel) ?? true;
    return box;
  });
  const group = h(
    'div',
    { class: 'checks', id: 'provider-channels', role: 'group', 'aria-label': 'Channels' },
    ...boxes.map((box) => h('label', {}, box, channelLabel(box.value))),
  );
  const read = () => {
    const values = boxes.filter(({ checked }) => checked).map(({ value }) => value);
    return values.length === able.length ? null : values;
  };
  const element =
    able.length < 2
      ? undefined
      : field({ id: 'provider-channels', path: 'input.channels', label: 'Channels' }, group);
  return { element, read };
}

/** @param {Account | undefined} account */
function ruleFields(account) {
  const number = (/** @type {string} */ name, /** @type {Record<string, unknown>} */ attributes) => {
    const input = h('input', { id: `provider-${name}`, type: 'number', ...attributes });
    return input;
  };
  const order = number('order', { min: 0, max: 1_000, placeholder: 100 });
  const weight = number('weight', { min: 1, max: 1_000, placeholder: 100 });
  const rate = number('rate', { min: 0.01, max: 100_000, step: 'any', placeholder: 'no limit' });
  const quota = number('quota', { min: 1, placeholder: 'no limit' });
  const apps = h('input', {
    id: 'provider-apps',
    type: 'text',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'all',
  });
  const time = (/** @type {string} */ name) => h('input', { id: `provider-${name}`, type: 'time' });
  const from = time('from');
  const to = time('to');
  const zone = h('input', {
    id: 'provider-timezone',
    type: 'text',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: 'Europe/Berlin',
  });
  const enabled = h('input', { id: 'provider-enabled', type: 'checkbox' });
  if (account) {
    order.value = String(account.order);
    weight.value = String(account.weight);
    rate.value = String(account.ratePerSecond ?? '');
    quota.value = String(account.dailyQuota ?? '');
    apps.value = account.apps?.join(', ') ?? '';
    from.value = account.allowedHours?.from ?? '';
    to.value = account.allowedHours?.to ?? '';
    zone.value = account.allowedHours?.timezone ?? '';
  }
  enabled.checked = account?.enabled ?? true;
  return {
    elements: [
      field({ id: order.id, path: 'input.order', label: 'Order', hint: 'Lower ones are tried first' }, order),
      field(
        { id: weight.id, path: 'input.weight', label: 'Weight', hint: 'Share among equals in order' },
        weight,
      ),
      field({ id: rate.id, path: 'input.ratePerSecond', label: 'Messages a second' }, rate),
      field({ id: quota.id, path: 'input.dailyQuota', label: 'Messages a day (UTC)' }, quota),
      field({ id: from.id, path: 'input.allowedHours.from', label: 'Sends from' }, from),
      field({ id: to.id, path: 'input.allowedHours.to', label: 'Sends until' }, to),
      field({ id: zone.id, path: 'input.allowedHours.timezone', label: 'Time zone of the hours' }, zone),
      field({ id: apps.id, path: 'input.apps', label: 'Apps', hint: 'Their ids, with commas between' }, apps),
      field({ id: enabled.id, path: 'input.enabled', label: 'Enabled' }, enabled),
    ],
    read() {
      const hours = [from.value, to.value, zone.value.trim()];
      const named = apps.value
        .split(/[\s,]+/)
        .map((app) => app.trim())
        .filter(Boolean);
      return {
        order: orNull(order),
        weight: orNull(weight),
        ratePerSecond: orNull(rate),
        dailyQuota: orNull(quota),
        allowedHours: hours.every((one) => one === '')
          ? null
          : { from: hours[0], to: hours[1], timezone: hours[2] },
        apps: named.length > 0 ? named : null,
        enabled: enabled.checked,
      };
    },
  };
}

/** @param {HTMLInputElement} input */
const orNull = (input) => (input.value === '' ? null : input.valueAsNumber);
