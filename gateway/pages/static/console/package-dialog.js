/** One package: what its drafts change, its members, its versions; publishing it and going back. */
import { channelTag } from '../lib/channels.js';
import { byId, fill, h } from '../lib/dom.js';
import { request, sentenceOf } from '../lib/graphql-http.js';
import { icon } from '../lib/icons.js';
import { timeElement } from '../lib/moments.js';
import { startPages } from './pages.js';

const OPEN = `query Package($id: ID!) {
  package(id: $id) { id name description publishedVersion }
  packageDiff(id: $id) { path change diff }
  packageProblems(id: $id) { severity field message }
}`;
const DIFF = `query PackageDiff($id: ID!, $from: Int!, $to: Int!) {
  packageDiff(id: $id, from: $from, to: $to) { path change diff }
}`;
const PUBLISH = `mutation PublishPackage($id: ID!, $note: String) {
  done: publishPackage(id: $id, note: $note) { publishedVersion }
}`;
const ROLL_BACK = `mutation RollbackPackage($id: ID!, $version: Int!, $note: String) {
  done: rollbackPackage(id: $id, version: $version, note: $note) { publishedVersion }
}`;
const MEMBER = 'publishedVersion draftVersion removing';
/** What a package has, a page each. */
const LISTS = {
  templates: `nodes { id name channels ${MEMBER} }`,
  routes: `nodes { id: event channels ${MEMBER} }`,
  partials: `nodes { id name ${MEMBER} }`,
  versions: 'nodes { version publishedAt publishedBy note restores }',
};

/**
 * @typedef {{ path: string, change: string, diff: string }} Diff
 * @typedef {{ severity: string, field: string, message: string }} Finding
 * @typedef {{ package: { id: string, name: string, description: string | null, publishedVersion: number | null } | null,
 *   packageDiff: Diff[], packageProblems: Finding[] }} Opened
 * @typedef {{ id: string, name?: string, channels?: string[], publishedVersion: number | null,
 *   draftVersion: number | null, removing: boolean }} Member
 * @typedef {{ version: number, publishedAt: string, publishedBy: string | null, note: string | null, restores: number | null }} Version
 */

/** @param {string} key @param {() => void} onChanged when something was published */
export function startPackageDialog(key, onChanged) {
  const dialog = byId('package', HTMLDialogElement);
  const note = byId('package-note', HTMLInputElement);
  const publish = byId('package-publish', HTMLButtonElement);
  const confirming = byId('package-confirm');
  const said = byId('package-said');
  const ending = new AbortController();
  const { signal } = ending;
  /** The package that is shown. */
  let shown = '';
  /** @type {number | null} */
  let publishedVersion = null;

  const lists = [
    startPages('package-templates', page('templates'), memberRow, signal),
    startPages('package-routes', page('routes'), memberRow, signal),
    startPages('package-partials', page('partials'), memberRow, signal),
    startPages('package-versions', page('versions'), versionRow, signal),
  ];

  /** @param {keyof typeof LISTS} list */
  function page(list) {
    const query = `query PackageMembers($id: ID!, $after: String) {
      package(id: $id) { page: ${list}(first: 25, after: $after) { pageInfo { hasNextPage endCursor } ${LISTS[list]} } }
    }`;
    return async (/** @type {string | null} */ after) => {
      const answer = /** @type {{ package: { page: import('./pages.js').Page<any> } | null }} */ (
        await request(key, query, { id: shown, after })
      );
      if (!answer.package) throw new Error('The package is not there any more.');
      return answer.package.page;
    };
  }

  async function load() {
    const id = shown;
    const opened = /** @type {Opened} */ (await request(key, OPEN, { id }));
    if (signal.aborted || id !== shown || !opened.package) return;
    const { name, description } = opened.package;
    publishedVersion = opened.package.publishedVersion;
    byId('package-state').textContent =
      publishedVersion === null ? 'Not published yet' : `Version ${publishedVersion}`;
    byId('package-what').textContent = [name !== id && name, description].filter(Boolean).join(': ');
    const changes = opened.packageDiff;
    byId('package-unchanged').hidden = changes.length > 0;
    fill(byId('package-changes'), ...changes.map(diffElement));
    fill(
      byId('package-problems'),
      ...opened.packageProblems.map(({ severity, field, message }) =>
        h('li', { class: severity === 'ERROR' ? 'bad-text' : 'muted' }, h('code', {}, field), ` ${message}`),
      ),
    );
    publish.disabled = changes.length === 0;
    for (const list of lists) await list.reload();
  }

  /** @param {string} text @param {() => Promise<void>} work */
  async function attempt(text, work) {
    said.className = 'muted';
    said.textContent = text;
    try {
      await work();
    } catch (error) {
      said.className = 'bad-text';
      said.textContent = sentenceOf(error);
    }
  }

  /** Asks before it does. @param {string} question @param {string} verb @param {() => Promise<void>} work */
  function confirm(question, verb, work) {
    const from = document.activeElement;
    const leave = () => {
      fill(confirming);
      if (from instanceof HTMLElement) from.focus();
    };
    const no = h('button', { type: 'button', onclick: leave }, 'Leave it');
    const yes = h('button', { type: 'button', class: 'primary' }, verb);
    yes.addEventListener('click', async () => {
      fill(confirming);
      await attempt('Under way …', work);
    });
    said.textContent = '';
    fill(confirming, h('span', { role: 'alert' }, question), yes, no);
    confirming.scrollIntoView({ block: 'nearest' });
    no.focus();
  }

  /** @param {string} mutation @param {Record<string, unknown>} variables */
  async function put(mutation, variables) {
    const { done } = /** @type {{ done: { publishedVersion: number } }} */ (
      await request(key, mutation, { id: shown, ...variables, note: note.value.trim() || null })
    );
    note.value = '';
    onChanged();
    await load();
    said.textContent = `Version ${done.publishedVersion} is in force.`;
  }

  /** @param {Version} version */
  function versionRow({ version, publishedAt, publishedBy, note: why, restores }) {
    const place = h('div', {});
    const compare = h('button', { type: 'button', onclick: () => attempt('', showChanges) }, 'Changes');
    async function showChanges() {
      const { packageDiff } = /** @type {{ packageDiff: Diff[] }} */ (
        await request(key, DIFF, { id: shown, from: version - 1, to: version })
      );
      fill(place, ...(packageDiff.length > 0 ? packageDiff.map(diffElement) : ['None.']));
      compare.disabled = true;
    }
    const back = h(
      'button',
      {
        type: 'button',
        onclick: () =>
          confirm(
            `All of ${shown} is put back to what version ${version} says, as a new version, on every process at once.`,
            `Put back to version ${version}`,
            () => put(ROLL_BACK, { version }),
          ),
      },
      'Go back',
    );
    return h(
      'li',
      { 'data-version': version },
      h('strong', {}, `Version ${version}`),
      h(
        'span',
        { class: 'muted' },
        [restores !== null && `as version ${restores}`, publishedBy && `by ${publishedBy}`, why]
          .filter(Boolean)
          .join(', '),
      ),
      h('span', { class: 'muted' }, timeElement(publishedAt)),
      h(
        'span',
        { class: 'side-by-side apart' },
        version > 1 && compare,
        version !== publishedVersion && back,
      ),
      place,
    );
  }

  fill(byId('package-close'), icon('cross'));
  byId('package-close').addEventListener('click', () => dialog.close(), { signal });
  byId('package-form', HTMLFormElement).addEventListener(
    'submit',
    (event) => {
      event.preventDefault();
      confirm(`What is not published yet takes effect on every process at once.`, `Publish ${shown}`, () =>
        put(PUBLISH, {}),
      );
    },
    { signal },
  );

  return {
    /** @param {string} id */
    open(id) {
      shown = id;
      note.value = '';
      byId('package-title').textContent = id;
      for (const place of ['package-state', 'package-what', 'package-changes', 'package-problems'])
        fill(byId(place));
      fill(confirming);
      publish.disabled = true;
      for (const list of lists) list.clear();
      if (!dialog.open) dialog.showModal();
      attempt('', load);
    },
    stop() {
      ending.abort();
      dialog.close();
    },
  };
}

/** @param {Member} member */
function memberRow({ id, name, channels, publishedVersion, draftVersion, removing }) {
  return h(
    'li',
    { 'data-member': id },
    h('code', {}, id),
    name !== undefined && name !== id && h('span', { class: 'muted' }, name),
    ...(channels ?? []).map(channelTag),
    h(
      'span',
      { class: 'apart' },
      publishedVersion === null ? 'new' : `version ${publishedVersion}`,
      draftVersion !== null && ' ',
      draftVersion !== null && h('span', { class: 'chip' }, 'draft'),
      removing && ' ',
      removing && h('span', { class: 'chip' }, 'to be removed'),
    ),
  );
}

/** @param {Diff} diff */
function diffElement({ path, change, diff }) {
  return h(
    'details',
    { 'data-path': path },
    h('summary', {}, h('code', {}, path), ' ', h('span', { class: 'chip' }, change.toLowerCase())),
    h('pre', { class: 'code' }, ...diff.split('\n').map(diffLine)),
  );
}

/** @param {string} line */
function diffLine(line) {
  const sign = /^(\+\+\+|---)/.test(line) ? '' : line.charAt(0);
  const tone = sign === '+' ? 'added' : sign === '-' ? 'taken' : '';
  return h('span', { class: tone || null }, `${line}\n`);
}
