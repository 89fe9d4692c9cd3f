/** The form that sends as a backend service would. */
import { byId, fill, h } from '../lib/dom.js';
import { post, sentenceOf } from '../lib/graphql-http.js';
import { span } from '../lib/moments.js';
import { columnsOf, prettyJson } from '../lib/pretty-json.js';
import { MUTATION, PRESETS } from './presets.js';

/**
 * @param {import('./session.js').DemoSession} session
 * @param {(notification: string) => void} onSent
 */
export function startComposer(session, onSent) {
  const form = byId('composer', HTMLFormElement);
  const query = byId('query', HTMLTextAreaElement);
  const variables = byId('variables', HTMLTextAreaElement);
  const send = byId('send', HTMLButtonElement);
  const answer = byId('answer', HTMLPreElement);
  const note = byId('answer-note');

  const buttons = PRESETS.map(({ name, input }) =>
    h('button', { type: 'button', onclick: () => choose(name, input) }, name),
  );
  fill(byId('presets'), ...buttons);

  /** @param {string} name @param {Record<string, unknown>} input */
  function choose(name, input) {
    query.value = MUTATION;
    variables.value = prettyJson({ input }, columnsOf(variables));
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.textContent === name));
  }

  /** @param {string} text @param {boolean} ok @param {string} remark */
  function show(text, ok, remark) {
    answer.hidden = false;
    answer.textContent = text;
    answer.classList.toggle('bad', !ok);
    note.textContent = remark;
  }

  async function submit() {
    /** @type {Record<string, unknown>} */
    let values;
    try {
      values = JSON.parse(variables.value || '{}');
    } catch (error) {
      show(`Variables: ${sentenceOf(error)}`, false, 'not sent');
      return variables.focus();
    }
    send.disabled = true;
    note.textContent = 'Sending…';
    try {
      const startedMs = performance.now();
      const result = await post(await session.appKey(), query.value, values);
      const took = span(performance.now() - startedMs);
      const failed = (result.answer.errors?.length ?? 0) > 0;
      answer.hidden = false;
      show(prettyJson(result.answer, columnsOf(answer)), !failed, `HTTP ${result.status} in ${took}`);
      for (const id of sentIds(result.answer.data)) onSent(id);
    } catch (error) {
      show(sentenceOf(error), false, 'not sent');
    } finally {
      send.disabled = false;
    }
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (!send.disabled) submit();
  });
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  const [first] = PRESETS;
  if (first) choose(first.name, first.input);
  send.disabled = false;
}

/** Ids of the notifications in an answer, whatever its fields are called there. @param {unknown} data @returns {string[]} */
function sentIds(data) {
  if (typeof data !== 'object' || data === null) return [];
  return Object.entries(data).flatMap(([name, value]) =>
    name === 'id' && typeof value === 'string' && value.startsWith('ntf_') ? [value] : sentIds(value),
  );
}
