/** A shop speaks to a segment of its customers, and to each by what they did with what it sent before. */
import { beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { usePlatform } from '../support/platform.ts';

const platform = usePlatform();

interface Inbox {
  readonly inbox: { readonly nodes: readonly { readonly id: string; readonly body: string }[] };
}
const INBOX = '{ inbox(first: 5) { nodes { id body } } }';
const SAVE = 'mutation Save($input: SegmentInput!) { saveSegment(input: $input) { id } }';

beforeAll(async () => {
  await platform.app.data('mutation Users($users: [UserInput!]!) { upsertUsers(users: $users) { id } }', {
    users: [
      { id: 'ann', name: 'Ann', attributes: { orders: 12 } },
      { id: 'bob', name: 'Bob', attributes: { orders: 1 } },
      { id: 'cid', name: 'Cid', attributes: { orders: 40 }, groups: ['staff'] },
      { id: 'dan', name: 'Dan', groups: ['staff'] },
    ],
  });
  await platform.operator.data(
    `mutation Words($template: TemplateInput!, $route: RouteInput!, $segment: SegmentInput!) {
      saveSegment(input: $segment) { id }
      saveTemplate(input: $template) { id }
      publishTemplate(id: "offer") { publishedVersion }
      saveRoute(input: $route) { event }
      publishRoute(event: "shop.offer") { publishedVersion }
    }`,
    {
      segment: {
        id: 'regulars',
        name: 'Who buys again and again',
        when: 'has(user.attributes.orders) && user.attributes.orders >= 10',
      },
      template: {
        id: 'offer',
        name: 'Offer',
        contents: [
          {
            channel: 'IN_APP',
            body: '{{#if user.lastOpenedAt}}{{user.name}}, since you liked {{plural user.counts.opened one="the last one" other="the last #"}}{{else}}Welcome, {{user.name}}{{/if}}: {{what}}',
          },
        ],
      },
      route: {
        event: 'shop.offer',
        actions: [
          {
            name: 'main',
            template: 'offer',
            recipients: [{ segment: 'regulars' }, { group: 'staff' }],
          },
        ],
      },
    },
  );
});

/** Whom it was sent to, when it is complete. */
async function offer(what: string): Promise<(string | undefined)[]> {
  const { sendNotification } = await platform.app.data<{
    sendNotification: { notification: { id: string } };
  }>(
    'mutation Send($input: SendNotificationInput!) { sendNotification(input: $input) { notification { id } } }',
    { input: { event: 'shop.offer', data: { what } } },
  );
  const { notification } = await eventually(
    () =>
      platform.app.data<{
        notification: { state: string; deliveries: { nodes: { user: { id: string } | null }[] } };
      }>('query Told($id: ID!) { notification(id: $id) { state deliveries { nodes { user { id } } } } }', {
        id: sendNotification.notification.id,
      }),
    (answer) => expect(answer.notification.state).toBe('COMPLETED'),
  );
  return notification.deliveries.nodes.map(({ user }) => user?.id).sort();
}
const newest = async (id: string) => (await (await platform.user(id)).data<Inbox>(INBOX)).inbox.nodes[0];

test('a route reaches a segment and a group, each person once; its words follow what they opened', async () => {
  const { segmentPreview } = await platform.operator.data<{ segmentPreview: unknown }>(
    '{ segmentPreview(id: "regulars") { users { id name } matching isWhole } }',
  );
  expect(segmentPreview).toEqual({
    users: [
      { id: 'ann', name: 'Ann' },
      { id: 'cid', name: 'Cid' },
    ],
    matching: 2,
    isWhole: true,
  });
  expect(await offer('tea')).toEqual(['ann', 'cid', 'dan']);
  const first = await newest('ann');
  expect(first?.body).toBe('Welcome, Ann: tea');
  expect((await newest('cid'))?.body).toBe('Welcome, Cid: tea');

  const ann = await platform.user('ann');
  await ann.data('mutation Read($ids: [ID!]!) { markRead(ids: $ids) { id } }', { ids: [first?.id] });
  await eventually(
    () =>
      ann.data<{ user: { lastOpenedAt: string | null; counts: { opened: number } } }>(
        '{ user(id: "ann") { lastOpenedAt counts { opened openedRecently } } }',
      ),
    ({ user }) =>
      expect(user).toEqual({
        lastOpenedAt: expect.any(String),
        counts: { opened: 1, openedRecently: 1 },
      }),
  );
  // The dispatcher, a process of its own, hears of it within milliseconds.
  await eventually(
    async () => {
      await offer('coffee');
      return newest('ann');
    },
    (message) => expect(message?.body).toBe('Ann, since you liked the last one: coffee'),
  );
  expect((await newest('cid'))?.body).toBe('Welcome, Cid: coffee');
});

test('a segment changes while Herald runs: by behaviour, too', async () => {
  await platform.operator.data(SAVE, {
    input: {
      id: 'regulars',
      name: 'Who reads what we send',
      when: 'has(user.lastOpenedAt) && now - user.lastOpenedAt < duration("720h")',
    },
  });
  await eventually(
    () => offer('cake'),
    (people) => expect(people).toEqual(['ann', 'cid', 'dan']),
  );
  await platform.operator.data(SAVE, {
    input: { id: 'regulars', name: 'Who never reads', when: '!has(user.lastOpenedAt)' },
  });
  // Also those whom nothing was ever sent to: the demo's own user is one.
  await eventually(
    () => offer('rum'),
    (people) => expect(people).toEqual(['bob', 'cid', 'dan', 'demo']),
  );
});

test('an unknown segment is refused with its field', async () => {
  const SEND =
    'mutation Send($input: SendNotificationInput!) { sendNotification(input: $input) { deduplicated } }';
  const { errors } = await platform.app.ask(SEND, {
    input: { content: { body: 'b' }, to: [{ user: 'ann' }, { segment: 'unknown' }] },
  });
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.to.1.segment' });
  await platform.operator.data('mutation { deleteSegment(id: "regulars") }');
  await eventually(
    () => platform.app.ask(SEND, { input: { event: 'shop.offer', data: { what: 'air' } } }),
    (answer) =>
      expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.event' }),
  );
});
