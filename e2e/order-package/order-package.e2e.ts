/** The example of an order's life, taken in, tried, published, and sent by its events. */
import { expect, test } from 'vitest';
import { EXAMPLE_PACKAGE, exampleFiles } from '../../testing/example-package.ts';
import { eventually } from '../support/eventually.ts';
import { usePlatform } from '../support/platform.ts';

const platform = usePlatform();

interface Message {
  readonly channel: string;
  readonly address: string;
  readonly title: string | null;
  readonly body: string;
  readonly notification: { readonly id: string; readonly test: boolean; readonly category: string | null };
}
const messages = async () =>
  (
    await platform.operator.data<{ sandboxMessages: Message[] }>(
      '{ sandboxMessages(first: 50) { channel address title body notification { id test category } } }',
    )
  ).sandboxMessages;

const TEST = `mutation Test($to: RecipientInput!, $channels: [Channel!], $template: ID!, $data: JSON, $version: Int) {
  sendTest(template: $template, to: $to, channels: $channels, data: $data, version: $version) {
    notifications { id test priority category template { id } }
  }
}`;
interface Tested {
  readonly sendTest: {
    readonly notifications: readonly {
      readonly id: string;
      readonly test: boolean;
      readonly priority: string;
      readonly category: string;
      readonly template: null;
    }[];
  };
}
const order = {
  id: '7401',
  number: 'LL-7401',
  total: 1284.5,
  currency: 'EUR',
  placedAt: '2026-03-05T22:30:00Z',
  items: [{ name: 'Walnut lamp', quantity: 1, price: 1200 }],
};

test('it is taken in, and nothing is found in it but who is missing', async () => {
  await platform.app.data(
    `mutation { upsertUsers(users: [
      { id: "li", name: "李雷", locale: "zh-CN", timezone: "Asia/Shanghai", email: "li@example.org", groups: ["support"] }
    ]) { id } }`,
  );
  const { importPackage } = await platform.operator.data<{ importPackage: { problems: unknown[] } }>(
    `mutation Import($input: PackageImportInput!) {
      importPackage(input: $input) { problems { severity field message } }
    }`,
    { input: { id: EXAMPLE_PACKAGE, files: exampleFiles() } },
  );
  // Those who pack come later.
  expect(importPackage.problems).toEqual([
    {
      severity: 'WARNING',
      field: 'routes.shop.order.packing.actions.0.recipients.0.group',
      message: expect.stringContaining('group "logistics"') as string,
    },
  ]);
  const { package: read } = await platform.operator.data<{
    package: { templates: { nodes: { id: string; findings: unknown[] }[] } };
  }>('{ package(id: "orders") { templates { nodes { id findings { severity field rule message } } } } }');
  expect(read.templates.nodes).toHaveLength(8);
  expect(read.templates.nodes.filter(({ findings }) => findings.length > 0)).toEqual([]);
});

test('a draft is shown with its sample, by any time zone', async () => {
  const { previewTemplate } = await platform.operator.data<{
    previewTemplate: { channel: string; body: string; html: string | null }[];
  }>(
    `{ previewTemplate(id: "orders-placed", sample: true, locale: "en-US", timezone: "Asia/Tokyo") {
      channel body html
    } }`,
  );
  const mail = previewTemplate.find(({ channel }) => channel === 'EMAIL');
  expect(mail?.html).toMatch(/March 6, 2026/);
  expect(mail?.body).toMatch(/Walnut lamp × 1 €1,200.00\n/);
  const { errors } = await platform.operator.ask(
    '{ previewTemplate(id: "orders-placed", sample: true, timezone: "Moon/Sea") { body } }',
  );
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'timezone' });
});

test('a draft is shown for a person: in their language, with what is known of them', async () => {
  await platform.operator.data('mutation ($input: TemplateInput!) { saveTemplate(input: $input) { id } }', {
    input: {
      id: 'about-you',
      name: 'About you',
      contents: [
        {
          channel: 'IN_APP',
          body: '{{user.name}} {{user.attributes.tier}} {{user.counts.opened}} {{time at}}',
        },
        { channel: 'IN_APP', locale: 'zh', body: '您好 {{user.name}} {{time at}}' },
      ],
    },
  });
  await platform.app.data(
    'mutation { upsertUsers(users: [{ id: "mo", name: "Mo", timezone: "Europe/Berlin", attributes: {tier: "gold"} }]) { id } }',
  );
  const bodyOf = async (more: string) =>
    (
      await platform.operator.data<{ previewTemplate: { body: string }[] }>(
        `{ previewTemplate(id: "about-you", data: {at: "2026-03-05T22:30:00Z"}, ${more}) { body } }`,
      )
    ).previewTemplate[0]?.body;
  expect(await bodyOf('user: "mo"')).toMatch(/^Mo gold 0 11:30\sPM$/);
  expect(await bodyOf('user: "mo", timezone: "UTC", locale: "zh-CN"')).toBe('您好 Mo 22:30');
  expect(await bodyOf('user: "li"')).toBe('您好 李雷 06:30');
  const { errors } = await platform.operator.ask(
    '{ previewTemplate(id: "about-you", user: "none") { body } }',
  );
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'user' });
});

test('a draft is sent to one recipient to be looked at, and to nobody else', async () => {
  const { sendTest } = await platform.operator.data<Tested>(TEST, {
    template: 'orders-placed',
    to: { user: 'li' },
    channels: ['EMAIL', 'SLACK'],
    data: { order },
  });
  // Li has no address on Slack.
  expect(sendTest.notifications).toHaveLength(2);
  for (const notification of sendTest.notifications)
    expect(notification).toMatchObject({ test: true, priority: 'HIGH', category: 'test', template: null });
  const arrived = await eventually(messages, (all) => expect(all).toHaveLength(1));
  expect(arrived[0]).toMatchObject({
    channel: 'EMAIL',
    address: 'li@example.org',
    title: '感谢您的订单 LL-7401',
    notification: { test: true },
  });
  const { errors } = await platform.app.ask(
    'mutation Send($input: SendNotificationInput!) { sendNotification(input: $input) { deduplicated } }',
    {
      input: { template: 'orders-placed', data: { order }, to: [{ user: 'li' }] },
    },
  );
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.template' });
});

test.each([
  ['to', { to: {} }],
  ['to.group', { to: { group: 'support' } }],
  ['to.user', { to: { user: 'nobody' } }],
  ['to.address', { to: { channel: 'EMAIL', address: 'nowhere' } }],
  ['channels.0', { channels: ['QQ'] }],
  ['data.order', { data: {} }],
])('a test with something wrong in %s is refused', async (field, wrong) => {
  const { errors } = await platform.operator.ask(TEST, {
    template: 'orders-placed',
    to: { user: 'li' },
    data: { order },
    ...wrong,
  });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field });
});

test('tests are for operators, and there are only so many', async () => {
  const variables = { template: 'orders-placed', to: { user: 'li' }, channels: ['EMAIL'], data: { order } };
  expect((await platform.app.ask(TEST, variables)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  const codes: (string | undefined)[] = [];
  // Ten a minute: no more than twenty where a minute ends and another begins meanwhile.
  while (codes.length < 21 && codes.at(-1) !== 'RATE_LIMITED')
    codes.push((await platform.operator.ask(TEST, variables)).errors?.[0]?.extensions.code);
  expect(codes.at(-1)).toBe('RATE_LIMITED');
});

test('published, its events are sent as its routes say', async () => {
  await platform.operator.data('mutation { publishPackage(id: "orders") { publishedVersion } }');
  const { sendNotification } = await platform.app.data<{
    sendNotification: { notification: { id: string } };
  }>(
    `mutation Send($input: SendNotificationInput!) { sendNotification(input: $input) { notification { id } } }`,
    { input: { event: 'shop.order.placed', data: { customer: { id: 'li' }, order } } },
  );
  const { id } = sendNotification.notification;
  const { notification } = await eventually(
    () =>
      platform.app.data<{
        notification: {
          state: string;
          test: boolean;
          deliveries: { nodes: { action: string; channel: string; state: string }[] };
        };
      }>(
        'query Told($id: ID!) { notification(id: $id) { state test deliveries { nodes { action channel state } } } }',
        { id },
      ),
    ({ notification: { state } }) => expect(state).toBe('COMPLETED'),
  );
  expect(notification.test).toBe(false);
  expect(
    notification.deliveries.nodes.map(({ action, channel, state }) => `${action} ${channel} ${state}`).sort(),
  ).toEqual(['customer EMAIL SENT', 'customer IN_APP DELIVERED', 'support SLACK SKIPPED']);
});
