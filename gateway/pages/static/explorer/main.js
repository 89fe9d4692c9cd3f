/** GET /graphql in a browser: run operations, and see which there are. */
import { byId, fill, h } from '../lib/dom.js';
import { post, request, sentenceOf } from '../lib/graphql-http.js';
import { follow, openSocket } from '../lib/live.js';
import { span } from '../lib/moments.js';
import { columnsOf, prettyJson } from '../lib/pretty-json.js';
import { operationFor, ROOT_FIELDS, typeName } from './schema-fields.js';

const CREDENTIAL = 'herald.explorer-credential';
const FIRST = `query Recent {
  notifications(first: 5) {
    nodes {
      id
      state
      createdAt
      deliveries {
        nodes {
          channel
          state
        }
      }
    }
  }
}
`;
/** Of a subscription, this many events stay on the page. */
const EVENTS_SHOWN = 50;

const form = byId('operation', HTMLFormElement);
const credential = byId('credential', HTMLInputElement);
const query = byId('query', HTMLTextAreaElement);
const variables = byId('variables', HTMLTextAreaElement);
const stopButton = byId('stop', HTMLButtonElement);
const result = byId('result', HTMLPreElement);
const note = byId('result-note');

/** @type {{ stop(): void } | undefined} */
let following;

function stop() {
  following?.stop();
  following = undefined;
  stopButton.hidden = true;
}

async function run() {
  stop();
  /** @type {Record<string, unknown>} */
  let values;
  try {
    values = JSON.parse(variables.value || '{}');
  } catch (error) {
    result.textContent = `Variables: ${sentenceOf(error)}`;
    return variables.focus();
  }
  if (/^\s*subscription\b/m.test(query.value)) return subscribe(values);
  note.textContent = 'Running…';
  try {
    const startedMs = performance.now();
    const { status, answer } = await post(credential.value.trim() || undefined, query.value, values);
    note.textContent = `HTTP ${status} in ${span(performance.now() - startedMs)}`;
    result.textContent = prettyJson(answer, columnsOf(result));
  } catch (error) {
    note.textContent = '';
    result.textContent = sentenceOf(error);
  }
}

/** @param {Record<string, unknown>} values */
function subscribe(values) {
  /** @type {string[]} */
  let events = [];
  result.textContent = '';
  note.textContent = 'Connecting…';
  stopButton.hidden = false;
  following = follow({
    socket: openSocket(() => credential.value.trim()),
    query: query.value,
    variables: () => values,
    onData: (data) => {
      events = [prettyJson(data, columnsOf(result)), ...events].slice(0, EVENTS_SHOWN);
      result.textContent = events.join('\n\n');
    },
    onState: (state) => {
      note.textContent =
        state === 'live' ? 'Live: newest first' : state === 'waiting' ? 'Reconnecting…' : 'Connecting…';
    },
    onComplete: () => {
      note.textContent = 'The server completed it';
      stopButton.hidden = true;
    },
    isFinal: (error) => {
      if (!Array.isArray(error)) return false;
      result.textContent = prettyJson({ errors: error }, columnsOf(result));
      note.textContent = 'Refused';
      stopButton.hidden = true;
      return true;
    },
  });
}

/** @param {{ kind: string, root: import('./schema-fields.js').Root }[]} roots */
function showDocs(roots) {
  const wanted = byId('docs-filter', HTMLInputElement).value.trim().toLowerCase();
  fill(
    byId('docs'),
    ...roots.flatMap(({ kind, root }) => {
      const fields = root.fields.filter(({ name }) => name.toLowerCase().includes(wanted));
      if (fields.length === 0) return [];
      return [h('h3', {}, root.name), h('ul', {}, ...fields.map((field) => docsItem(kind, field)))];
    }),
  );
}

/** @param {string} kind @param {import('./schema-fields.js').Field} field */
function docsItem(kind, field) {
  const args = field.args.map(
    (arg) => `${arg.name}: ${typeName(arg.type)}${arg.defaultValue === null ? '' : ` = ${arg.defaultValue}`}`,
  );
  const use = () => {
    stop();
    query.value = operationFor(kind, field);
    variables.value = JSON.stringify(
      Object.fromEntries(
        field.args.filter(({ type }) => type.kind === 'NON_NULL').map(({ name }) => [name, null]),
      ),
      null,
      2,
    );
    query.focus();
  };
  return h(
    'li',
    {},
    h(
      'button',
      { type: 'button', class: 'field', title: 'Put it into the editor', onclick: use },
      h('b', {}, field.name),
      args.length > 0 ? `(${args.join(', ')})` : '',
      `: ${typeName(field.type)}`,
    ),
    field.description && h('p', { class: 'muted' }, field.description),
  );
}

async function loadDocs() {
  try {
    const { __schema: schema } =
      /** @type {{ __schema: Record<string, import('./schema-fields.js').Root | null> }} */ (
        await request(undefined, ROOT_FIELDS)
      );
    const roots = ['query', 'mutation', 'subscription'].flatMap((kind) => {
      const root = schema[`${kind}Type`];
      return root ? [{ kind, root }] : [];
    });
    byId('docs-filter').addEventListener('input', () => showDocs(roots));
    showDocs(roots);
  } catch (error) {
    fill(byId('docs'), h('p', { class: 'bad-text' }, sentenceOf(error)));
  }
}

query.value = FIRST;
credential.value = sessionStorage.getItem(CREDENTIAL) ?? '';
credential.addEventListener('input', () => sessionStorage.setItem(CREDENTIAL, credential.value.trim()));
form.addEventListener('submit', (event) => {
  event.preventDefault();
  run();
});
form.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
stopButton.addEventListener('click', () => {
  stop();
  note.textContent = 'Stopped';
});
await loadDocs();
