/** A form from a provider's JSON Schema: a control for each field of an account's configuration, and reading it back. */
import { channelLabel } from '../lib/channels.js';
import { h } from '../lib/dom.js';
import { field } from './field.js';

/**
 * @typedef {{ type?: string, title?: string, description?: string, secret?: boolean, installation?: boolean,
 *   enum?: string[], default?: unknown, minimum?: number, maximum?: number, minLength?: number, maxLength?: number,
 *   pattern?: string, items?: Property }} Property
 * @typedef {{ properties?: Record<string, Property>, required?: string[] }} ConfigSchema
 * @typedef {Readonly<Record<string, unknown>>} Config
 * @typedef {{ element: HTMLElement, read(): unknown }} Control
 */

/** What could not be read, with the path of its field. */
export class Unreadable extends Error {
  /** @param {string} path @param {string} message */
  constructor(path, message) {
    super(message);
    this.path = path;
  }
}

/** The secret stays as it is. */
const KEPT = Symbol('kept');

/**
 * @param {ConfigSchema} schema
 * @param {Config} config as it is; secrets are null
 * @param {readonly string[]} secretsSet
 */
export function configFields({ properties = {}, required = [] }, config, secretsSet) {
  const controls = Object.entries(properties).map(([name, property]) => {
    const isRequired = required.includes(name);
    const control =
      property.secret === true
        ? secretControl(name, property, secretsSet.includes(name), isRequired)
        : plainControl(name, property, config[name], isRequired);
    return { name, property, ...control };
  });
  const isFurther = (/** @type {Property} */ property) => property.installation === true;
  const further = controls.filter(({ property }) => isFurther(property));
  return {
    element: h(
      'div',
      { class: 'fields' },
      ...controls.filter(({ property }) => !isFurther(property)).map(({ element }) => element),
      further.length > 0 &&
        h(
          'details',
          { class: 'whole' },
          h('summary', {}, 'For operators of the first workspace'),
          h('div', { class: 'fields' }, ...further.map(({ element }) => element)),
        ),
    ),
    /** Whole, but for secrets that stay. @returns {Record<string, unknown>} @throws {Unreadable} */
    read() {
      const values = controls.map(({ name, read }) => /** @type {const} */ ([name, read()]));
      return Object.fromEntries(values.filter(([, value]) => value !== undefined && value !== KEPT));
    },
  };
}

/** @param {string} name */
const idOf = (name) => `provider-config-${name}`;
/** @param {string} name */
const pathOf = (name) => `input.config.${name}`;
/** @param {string} name @param {Property} property */
const titleOf = (name, { title }) => title ?? name;

/** @param {string} name @param {Property} property @param {unknown} value @param {boolean} required @returns {Control} */
function plainControl(name, property, value, required) {
  const { type, items } = property;
  const common = {
    id: idOf(name),
    path: pathOf(name),
    label: titleOf(name, property),
    hint: property.description,
    required,
    optional: !required,
  };
  if (property.enum) return choiceControl(common, property, value);
  if (type === 'boolean') {
    const box = h('input', { type: 'checkbox', id: common.id });
    box.checked = Boolean(value ?? property.default ?? false);
    return { element: field({ ...common, required: false }, box), read: () => box.checked };
  }
  if (type === 'array' && items?.enum) return severalControl(common, items.enum, value);
  if (type === 'array' && items?.type === 'string') {
    const area = h('textarea', { id: common.id, rows: 3, spellcheck: 'false' });
    area.value = Array.isArray(value) ? value.join('\n') : '';
    const hint = [property.description, 'One a line.'].filter(Boolean).join('. ').replace('..', '.');
    return { element: field({ ...common, hint }, area), read: () => orNothing(linesOf(area.value)) };
  }
  if (type === 'integer' || type === 'number') {
    const input = h('input', {
      id: common.id,
      type: 'number',
      step: type === 'integer' ? 1 : 'any',
      min: property.minimum,
      max: property.maximum,
      placeholder: placeholderOf(property),
    });
    input.value = value === undefined || value === null ? '' : String(value);
    return {
      element: field(common, input),
      read: () => (input.value === '' ? undefined : input.valueAsNumber),
    };
  }
  if (type === 'string') {
    const isLong = (property.maxLength ?? 0) > 1_000;
    const input = isLong
      ? h('textarea', { id: common.id, rows: 4, spellcheck: 'false' })
      : h('input', {
          id: common.id,
          type: 'text',
          autocomplete: 'off',
          spellcheck: 'false',
          placeholder: placeholderOf(property),
        });
    input.value = typeof value === 'string' ? value : '';
    return {
      element: field({ ...common, whole: isLong }, input),
      read: () => (input.value === '' ? undefined : input.value),
    };
  }
  return jsonControl(common, value);
}

/** @param {Property} property */
const placeholderOf = ({ default: value }) =>
  value === undefined || value === null || value === '' ? undefined : String(value);

/** @typedef {import('./field.js').FieldOptions} FieldOptions */

/** @param {FieldOptions} common @param {Property} property @param {unknown} value @returns {Control} */
function choiceControl(common, { enum: values = [], default: usual }, value) {
  const select = h(
    'select',
    { id: common.id },
    usual === undefined && h('option', { value: '' }, '–'),
    ...values.map((one) => h('option', { value: one }, one)),
  );
  select.value = String(value ?? usual ?? '');
  return { element: field(common, select), read: () => (select.value === '' ? undefined : select.value) };
}

/** @param {FieldOptions} common @param {readonly string[]} values @param {unknown} value @returns {Control} */
function severalControl(common, values, value) {
  const chosen = Array.isArray(value) ? value : [];
  const boxes = values.map((one) => {
    const box = h('input', { type: 'checkbox', value: one });
    box.checked = chosen.includes(one);
    return box;
  });
  const group = h(
    'div',
    { class: 'checks', id: common.id, role: 'group', 'aria-label': common.label },
    ...boxes.map((box) => h('label', {}, box, channelLabel(box.value))),
  );
  return {
    element: field({ ...common, whole: true }, group),
    read: () => orNothing(boxes.filter(({ checked }) => checked).map((box) => box.value)),
  };
}

/** @param {FieldOptions} common @param {unknown} value @returns {Control} */
function jsonControl(common, value) {
  const area = h('textarea', { id: common.id, rows: 4, spellcheck: 'false' });
  area.value = value === undefined || value === null ? '' : JSON.stringify(value, null, 2);
  const hint = [common.hint, 'As JSON.'].filter(Boolean).join('. ');
  return {
    element: field({ ...common, hint, whole: true }, area),
    read: () => jsonOf(area.value, common.path),
  };
}

/** @param {string} name @param {Property} property @param {boolean} isSet @param {boolean} required @returns {Control} */
function secretControl(name, property, isSet, required) {
  const { type, pattern, minLength } = property;
  const isText = type === 'string';
  const isLine = isText && (pattern !== undefined || minLength !== undefined);
  const attributes = {
    id: idOf(name),
    autocomplete: isLine ? 'new-password' : 'off',
    spellcheck: 'false',
    placeholder: isSet ? 'Set. Leave empty to keep.' : ' ',
  };
  const input = isLine
    ? h('input', { ...attributes, type: 'password' })
    : h('textarea', { ...attributes, rows: 3, class: isText && 'masked' });
  const remove = h('input', { type: 'checkbox' });
  remove.addEventListener('change', () => {
    input.disabled = remove.checked;
  });
  const hint = [property.description, !isText && 'As JSON'].filter(Boolean).join('. ');
  return {
    element: field(
      {
        id: attributes.id,
        path: pathOf(name),
        label: titleOf(name, property),
        hint,
        required: required && !isSet,
        optional: !required,
        whole: !isLine,
      },
      input,
      isSet && !required && h('label', { class: 'remove' }, remove, 'Take it away'),
    ),
    read: () => {
      if (remove.checked) return null;
      if (input.value === '') return KEPT;
      return isText ? input.value : jsonOf(input.value, pathOf(name));
    },
  };
}

/** @param {string} text */
const linesOf = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
/** @template T @param {readonly T[]} values @returns {readonly T[] | undefined} */
const orNothing = (values) => (values.length > 0 ? values : undefined);

/** @param {string} text @param {string} path @returns {unknown} @throws {Unreadable} */
function jsonOf(text, path) {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Unreadable(path, 'It is no JSON.');
  }
}
