/** Wrong values of a hostile operator: each is refused with its field, and none is an internal error. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OLGA, type OpenGraph, openGraph } from '../../subgraphs/notifications/testing/open-graph.ts';
import { freshDatabase } from '../../testing/fresh.ts';

const services = freshDatabase();
let graph: OpenGraph;
beforeAll(async () => {
  graph = await openGraph(services);
  await graph.run(OLGA, SAVE_TEMPLATE, { input: template({}) }, 'templates');
});
afterAll(() => graph.close());

type Room = Parameters<OpenGraph['run']>[3];
type Row = readonly [what: string, query: string, variables: Record<string, unknown>, field: string];

const SAVE_TEMPLATE = 'mutation ($input: TemplateInput!) { saveTemplate(input: $input) { id } }';
const SAVE_ROUTE = 'mutation ($input: RouteInput!) { saveRoute(input: $input) { event } }';
const SAVE_PARTIAL = 'mutation ($input: PartialInput!) { savePartial(input: $input) { id } }';
const SAVE_PACKAGE = 'mutation ($input: PackageInput!) { savePackage(input: $input) { id } }';
const PUBLISH = 'mutation ($note: String) { publishTemplate(id: "t", note: $note) { id } }';
const PREVIEW = 'query ($locale: String) { previewTemplate(id: "t", locale: $locale) { body } }';
const SEND = 'mutation ($input: SendNotificationInput!) { sendNotification(input: $input) { deduplicated } }';
const SEND_TEST = `mutation ($locale: String) {
  sendTest(template: "t", to: { channel: EMAIL, address: "a@example.com" }, locale: $locale) { notifications { id } } }`;
const LIST = 'query ($filter: NotificationFilter) { notifications(filter: $filter) { totalCount } }';
const AUDIT = 'query ($filter: AuditFilter) { auditEntries(filter: $filter) { nodes { id } } }';
const DISCARD =
  'mutation ($reason: String!) { discardDeadLetters(filter: { template: "t" }, reason: $reason) { count } }';
const TEST_ACCOUNT = 'mutation ($to: String!) { testProvider(id: "x", to: $to) { outcome } }';

const template = (content: object, more: object = {}) => ({
  id: 't',
  name: 'T',
  contents: [{ channel: 'IN_APP', body: 'Hi', ...content }],
  ...more,
});
const templateRow = (what: string, content: object, field: string, more: object = {}): Row => [
  what,
  SAVE_TEMPLATE,
  { input: template(content, more) },
  `input.${field}`,
];
const routeRow = (what: string, more: object, field: string): Row => [
  what,
  SAVE_ROUTE,
  { input: { event: 'e', template: 't', ...more } },
  `input.${field}`,
];
const contentRow = (what: string, content: object, field: string): Row => [
  what,
  SEND,
  { input: { content: { body: 'Hi', ...content }, to: [{ channel: 'EMAIL', address: 'a@example.com' }] } },
  `input.content.${field}`,
];

const OF_TEMPLATES: readonly Row[] = [
  templateRow('a link that runs code', { url: 'javascript:alert(1)' }, 'contents.0.url'),
  templateRow('a picture that runs code', { imageUrl: 'java\nscript:alert(1)' }, 'contents.0.imageUrl'),
  templateRow(
    'a button that runs code',
    { actions: [{ title: 'Go', url: 'data:text/html,x' }] },
    'contents.0.actions.0.url',
  ),
  templateRow('half of a character', { body: 'a\ud800' }, 'contents.0.body'),
  templateRow('an id with what cannot be seen', {}, 'id', { id: 't\u200b' }),
  templateRow('an id that turns the writing round', {}, 'id', { id: '\u202et' }),
  templateRow('an id that is written in two ways', {}, 'id', { id: 'cafe\u0301' }),
  templateRow('a name with a null character', {}, 'name', { name: 'a\0b' }),
  templateRow('a name of two lines', {}, 'name', { name: 'a\nb' }),
  templateRow('a category with what cannot be seen', {}, 'category', { category: 'news\u2060' }),
  routeRow('an event with what cannot be seen', { event: 'order.paid\u200b' }, 'event'),
  routeRow('a key with a null character', { key: 'a\0b' }, 'key'),
  routeRow(
    'a path with half of a character',
    { recipients: [{ userFrom: '\ud800' }] },
    'recipients.0.userFrom',
  ),
  routeRow(
    'a cancelling event with what cannot be seen',
    { cancelOn: ['e\u00ad2'], delaySeconds: 1, key: 'k' },
    'cancelOn.0',
  ),
  routeRow('a follow-up written in two ways', { followUps: [{ event: 'cafe\u0301' }] }, 'followUps.0.event'),
  [
    'a partial named by a null character',
    SAVE_PARTIAL,
    { input: { id: 'p', name: '\0', source: 'x' } },
    'input.name',
  ],
  ['a partial of half a character', SAVE_PARTIAL, { input: { id: 'p', source: '\ud800' } }, 'input.source'],
  ['a package with what cannot be seen', SAVE_PACKAGE, { input: { id: 'p\ufff9', name: 'P' } }, 'input.id'],
  ['a package of two lines', SAVE_PACKAGE, { input: { id: 'p', name: 'a\r\nb' } }, 'input.name'],
  [
    'a description with a null character',
    SAVE_PACKAGE,
    { input: { id: 'p', name: 'P', description: '\0' } },
    'input.description',
  ],
  ['a note with half of a character', PUBLISH, { note: 'why\udc00' }, 'note'],
  ['a locale that is none', PREVIEW, { locale: '../de' }, 'locale'],
  ['an empty locale', PREVIEW, { locale: '' }, 'locale'],
];
const OF_NOTIFICATIONS: readonly Row[] = [
  contentRow('a title with a null character', { title: 'a\0' }, 'title'),
  contentRow('a body of half a character', { body: '\ud83d' }, 'body'),
  contentRow('html with a null character', { html: '<p>\0</p>' }, 'html'),
  ['a locale that is none', SEND_TEST, { locale: 'x'.repeat(5_000) }, 'locale'],
  ['no state', LIST, { filter: { state: [] } }, 'filter.state'],
  ['no priority', LIST, { filter: { priority: [] } }, 'filter.priority'],
  ['no channel', LIST, { filter: { channel: [] } }, 'filter.channel'],
  [
    'an end before the beginning',
    LIST,
    { filter: { from: '2026-02-02T00:00:00Z', to: '2026-01-02T00:00:00Z' } },
    'filter.to',
  ],
  [
    'an audit that ends where it begins',
    AUDIT,
    { filter: { from: '2026-02-02T00:00:00Z', to: '2026-02-02T00:00:00Z' } },
    'filter.to',
  ],
  ['no action', AUDIT, { filter: { action: [] } }, 'filter.action'],
  ['a reason with a null character', DISCARD, { reason: 'because\0' }, 'reason'],
  ['a test to nobody', TEST_ACCOUNT, { to: ' ' }, 'to'],
  ['a test to a null character', TEST_ACCOUNT, { to: '\0' }, 'to'],
];

const rows = (room: Room, all: readonly Row[]) =>
  all.map((row) => [`${room}: ${row[0]}`, room, row] as const);

it.each([...rows('templates', OF_TEMPLATES), ...rows('notifications', OF_NOTIFICATIONS)])(
  '%s',
  async (_what, room, [, query, variables, field]) => {
    await expect(graph.run(OLGA, query, variables, room)).rejects.toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', field },
    });
  },
);

it('takes the letters of all languages, and what looks like others', async () => {
  for (const id of ['аdmin', 'café', '注文', '$where', '__proto__', '{{x}}'])
    expect(await graph.run(OLGA, SAVE_TEMPLATE, { input: template({}, { id }) }, 'templates')).toEqual({
      saveTemplate: { id },
    });
});
