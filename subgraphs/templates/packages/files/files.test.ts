import { describe, expect, test } from 'vitest';
import type { RouteBody } from '../../contract.ts';
import { routeBody } from '../../input/route-input.ts';
import { templateBody } from '../../input/template-input.ts';
import type { TemplateBody } from '../../store/records.ts';
import type { PackageContent, PackageFile } from './package-content.ts';
import { readFiles } from './read-files.ts';
import { packageFiles } from './write-files.ts';

const template: TemplateBody = {
  name: 'Paid: "yes" # no',
  category: 'orders',
  channels: ['EMAIL', 'SMS'],
  variables: '{"type":"object","required":["order"],"properties":{"order":{"type":"string"},"$x":{}}}',
  contents: [
    {
      channel: 'EMAIL',
      locale: 'de',
      title: '- {{order}}: bezahlt',
      body: 'Zeile 1\nZeile 2 \n\n  eingerückt\n',
      html: '<mjml>\n<mj-body></mj-body></mjml>',
      url: '/o/{{order}}',
    },
    { channel: 'EMAIL', body: 'x'.repeat(500), html: '<p>&amp;</p>\r\n' },
    {
      channel: 'SMS',
      body: '|\ttab "quoted" \'single\' {{{raw}}} \u{1F600}',
      oversize: 'TRUNCATE',
      maxSegments: 2,
    },
    { channel: 'IN_APP', body: 'no', format: 'MARKDOWN' },
    { channel: 'SLACK', body: '0123' },
  ],
};
const route: RouteBody = {
  when: 'data.total > 10.0',
  actions: [
    {
      name: 'customer',
      template: 'order.paid',
      templateVersion: 3,
      recipients: [{ caller: true }],
      channels: ['EMAIL'],
    },
    {
      name: 'support',
      template: 'order.paid',
      recipients: [{ group: 'support' }, { channel: 'WEBHOOK', address: 'https://example.com' }],
      channels: [],
      fallback: [
        { channels: ['IN_APP'], unless: 'SENT' },
        { channels: ['SMS'], afterSeconds: 60, unless: 'OPENED' },
      ],
    },
  ],
  priority: 'HIGH',
  category: 'orders',
  delaySeconds: 300,
  cancelOn: ['order.cancelled'],
  key: 'order.id',
  quietHours: 'SKIP',
  followUps: [{ event: 'order.reminder', afterSeconds: 60 }],
};
const content: PackageContent = {
  id: 'orders/2',
  body: {
    name: 'Orders',
    description: 'All of\nan order',
    settings: '{"b":{"z":1,"a":[true,null]},"a":"x"}',
  },
  templates: new Map([['order.paid', template]]),
  routes: new Map([['order:paid', route]]),
  partials: new Map([
    ['foot', { name: 'Footer', source: 'Thanks {{> sign}}\r\n', calls: ['sign'] }],
    ['sign', { name: 'sign', source: 'Acme' }],
  ]),
};
const files = await packageFiles(content);
const changed = (path: string, change: (text: string) => string): PackageFile[] =>
  files.map((file) => (file.path === path ? { path, content: change(file.content) } : file));

describe('files of a package', () => {
  test('are these', () => {
    expect(files.map(({ path }) => path)).toEqual([
      'package.yaml',
      'partials/foot.hbs',
      'partials/sign.hbs',
      'routes/order%3Apaid.yaml',
      'templates/order.paid.yaml',
      'templates/order.paid/EMAIL.de.mjml',
      'templates/order.paid/EMAIL.html',
      'templates/order.paid/EMAIL.txt',
    ]);
    expect(files[0]?.content).toBe(`# A package of Herald, format 1: docs/packages.md.
format: 1
id: orders/2
name: Orders
description: |-
  All of
  an order
settings:
  a: x
  b:
    a:
      - true
      - null
    z: 1
partials:
  foot: Footer
`);
  });

  test('come back as they were', async () => {
    const inputs = readFiles('orders/2', files);
    expect(inputs.package.input).toEqual({
      id: 'orders/2',
      name: 'Orders',
      description: 'All of\nan order',
      settings: { a: 'x', b: { z: 1, a: [true, null] } },
    });
    expect(inputs.partials.map(({ input }) => input)).toEqual([
      { id: 'foot', name: 'Footer', source: 'Thanks {{> sign}}\r\n' },
      { id: 'sign', source: 'Acme' },
    ]);
    const [read] = inputs.templates;
    if (!read) throw new Error('no template was read');
    expect(read.input.id).toBe('order.paid');
    const { channels: _channels, ...saved } = template;
    expect(templateBody(read.input)).toMatchObject(saved);
    const [readRoute] = inputs.routes;
    if (!readRoute) throw new Error('no route was read');
    const [customer, ...others] = route.actions;
    if (!customer) throw new Error('no action');
    const { templateVersion: _version, ...action } = customer;
    expect(routeBody(readRoute.input)).toEqual({ ...route, actions: [action, ...others] });
  });

  test('are the same when they are written again, whatever the order of members in the store', async () => {
    const turned = Object.fromEntries(Object.entries(route).toReversed()) as unknown as RouteBody;
    expect(await packageFiles({ ...content, routes: new Map([['order:paid', turned]]) })).toEqual(files);
  });

  test.each([
    [
      'an unknown member',
      'templates/order.paid.yaml',
      (t: string) => t.replace('category:', 'catgory:'),
      /catgory/,
    ],
    [
      'an unknown member of a content',
      'templates/order.paid.yaml',
      (t: string) => t.replace('url:', 'link:'),
      /^templates\/order\.paid\.yaml: contents\.0.*link/,
    ],
    [
      'an unknown channel',
      'templates/order.paid.yaml',
      (t: string) => t.replace('SMS', 'FAX'),
      /contents\.2\.channel: .*FAX/,
    ],
    [
      'a file that is not there',
      'templates/order.paid.yaml',
      (t: string) => t.replace('EMAIL.txt', 'MAIL.txt'),
      /there is no file "\S+" with a name of a text, for example "templates\/order\.paid\/EMAIL\.de\.txt"$/,
    ],
    [
      'another id',
      'templates/order.paid.yaml',
      (t: string) => t.replace('id: order.paid', 'id: order.sent'),
      /belongs into the file templates\/order\.sent\.yaml/,
    ],
    ['no YAML', 'routes/order%3Apaid.yaml', () => 'a: [', /^routes\/order%3Apaid\.yaml: /],
    ['a member twice', 'routes/order%3Apaid.yaml', (t: string) => `${t}event: x\n`, /unique/],
    ['a second document', 'routes/order%3Apaid.yaml', (t: string) => `${t}---\n${t}`, /more than one doc/],
    ['a tag', 'routes/order%3Apaid.yaml', (t: string) => `${t}x: !!set {a}\n`, /tag/],
    ['a list', 'routes/order%3Apaid.yaml', () => '- a', /this is not an object/],
    [
      'a package in a member',
      'routes/order%3Apaid.yaml',
      (t: string) => `${t}package: x\n`,
      /the folder says it/,
    ],
    [
      'another format',
      'package.yaml',
      (t: string) => t.replace('format: 1', 'format: 2'),
      /format: must be 1/,
    ],
    [
      'another package',
      'package.yaml',
      (t: string) => t.replace('id: orders/2', 'id: other'),
      /must be "orders\/2"/,
    ],
    [
      'names of partials that are no texts',
      'package.yaml',
      (t: string) => t.replace('foot: Footer', 'foot: [1]'),
      /partials\.foot/,
    ],
    [
      'aliases that grow without end',
      'package.yaml',
      (t: string) =>
        `${t}x0: &x0 [a]\n${Array.from({ length: 12 }, (_, i) => `x${i + 1}: &x${i + 1} [${`*x${i},`.repeat(9)}]`).join('\n')}\n`,
      /alias/i,
    ],
  ])('%s is told with its file', async (_what, path, change, message) => {
    const given = changed(path, change);
    expect(() => readFiles('orders/2', given)).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        field: `input.files.${given.findIndex((file) => file.path === path)}`,
        message: expect.stringMatching(message) as string,
      }) as Error,
    );
  });

  test('a file that nothing names, one that is given twice, and no package.yaml', async () => {
    expect(() => readFiles('orders/2', [...files, { path: 'templates/x/EMAIL.html', content: '' }])).toThrow(
      /templates\/x\/EMAIL\.html: no other file names it/,
    );
    expect(() => readFiles('orders/2', [...files, { path: '../../etc/passwd', content: '' }])).toThrow(
      /remove it/,
    );
    expect(() => readFiles('orders/2', [...files, ...files.slice(0, 1)])).toThrow(/given twice/);
    expect(() => readFiles('orders/2', files.slice(1))).toThrow(/no package\.yaml/);
  });
});
