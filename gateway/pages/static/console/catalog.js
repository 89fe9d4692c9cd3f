/** Templates and routes, to look at. */
import { channelTag } from '../lib/channels.js';
import { byId, fill, h } from '../lib/dom.js';
import { request } from '../lib/graphql-http.js';

const CATALOG = `query Catalog {
  templates(first: 100) { nodes { id name channels publishedVersion draftVersion } }
  routes(first: 100) { nodes { event channels publishedVersion template { id } } }
}`;

/**
 * @typedef {{ templates: { nodes: { id: string, name: string, channels: string[], publishedVersion: number | null, draftVersion: number | null }[] },
 *   routes: { nodes: { event: string, channels: string[], publishedVersion: number | null, template: { id: string } }[] } }} Catalog
 */

const NONE = '–';

/** @param {string} key */
export async function showCatalog(key) {
  const { templates, routes } = /** @type {Catalog} */ (await request(key, CATALOG));
  byId('templates-empty').hidden = templates.nodes.length > 0;
  fill(
    byId('templates'),
    ...templates.nodes.map(({ id, name, channels, publishedVersion, draftVersion }) =>
      h(
        'tr',
        {},
        h('td', {}, h('code', { title: name }, id)),
        h('td', {}, ...channels.map(channelTag)),
        h('td', { class: 'number' }, publishedVersion ?? NONE),
        h('td', { class: 'number' }, draftVersion ?? NONE),
      ),
    ),
  );
  byId('routes-empty').hidden = routes.nodes.length > 0;
  fill(
    byId('routes'),
    ...routes.nodes.map(({ event, channels, publishedVersion, template }) =>
      h(
        'tr',
        {},
        h('td', {}, h('code', {}, event)),
        h('td', {}, h('code', {}, template.id)),
        h('td', {}, ...(channels.length > 0 ? channels.map(channelTag) : ["the template's"])),
        h('td', { class: 'number' }, publishedVersion ?? NONE),
      ),
    ),
  );
}
