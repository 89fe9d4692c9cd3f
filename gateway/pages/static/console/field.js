/** A labelled control of a form, with a place for what is wrong with it. */
import { fill, h } from '../lib/dom.js';

/**
 * @typedef {{ id: string, path: string, label: string, hint?: string | undefined, required?: boolean,
 *   optional?: boolean, whole?: boolean }} FieldOptions
 * `id`: the control's. `optional`: said, among others that are required. `path`: of the input in the graph, for errors. `whole`: as wide as the form.
 */

/** @param {FieldOptions} options @param {HTMLElement} control @param {...import('../lib/dom.js').Child} below */
export function field(
  { id, path, label, hint, required = false, optional = false, whole = false },
  control,
  ...below
) {
  const isCheck = control instanceof HTMLInputElement && control.type === 'checkbox';
  control.setAttribute('aria-describedby', `${id}-hint ${id}-error`);
  if (required) control.setAttribute('aria-required', 'true');
  // A group has its name by itself.
  const name =
    control.getAttribute('role') === 'group'
      ? h('span', { class: 'group-name' }, label)
      : h('label', { for: id }, label, optional && !isCheck && h('span', { class: 'muted' }, ' (optional)'));
  const hints = h('span', { class: 'muted', id: `${id}-hint` }, hint);
  const error = h('span', { class: 'bad-text', id: `${id}-error` });
  return h(
    'div',
    { class: `field${isCheck ? ' check' : ''}${whole ? ' whole' : ''}`, 'data-field': path },
    ...(isCheck ? [control, name] : [name, control]),
    hint && hints,
    ...below,
    error,
  );
}

/** Takes all errors away. @param {HTMLElement} form */
export function clearErrors(form) {
  for (const place of form.querySelectorAll('[data-field]')) showIn(place, '');
}

/**
 * Shows an error beside its field, or the one that holds it, and moves there.
 * @param {HTMLElement} form @param {string} path @param {string} message
 * @returns {boolean} false where the form has no such field
 */
export function showError(form, path, message) {
  for (let parts = path.split('.'); parts.length > 1; parts = parts.slice(0, -1)) {
    const place = form.querySelector(`[data-field="${CSS.escape(parts.join('.'))}"]`);
    if (!place) continue;
    const hiding = place.closest('details');
    if (hiding) hiding.open = true;
    showIn(place, message);
    const control = place.querySelector('input, select, textarea');
    if (control instanceof HTMLElement) control.focus();
    return true;
  }
  return false;
}

/** @param {Element} place @param {string} message */
function showIn(place, message) {
  const error = place.querySelector('.bad-text');
  if (error) fill(error, message);
  for (const control of place.querySelectorAll('input, select, textarea'))
    if (message) control.setAttribute('aria-invalid', 'true');
    else control.removeAttribute('aria-invalid');
}
