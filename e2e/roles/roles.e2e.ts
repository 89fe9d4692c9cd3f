/** Every role as a process of its own, HTTP between gateway and subgraphs. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Role } from '../../platform/config/roles.ts';
import { GATEWAY_SECRET_HEADER } from '../../platform/graphql/subgraph-protocol.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { eventually } from '../support/eventually.ts';
import { Graph, SEND, type Sent } from '../support/graph.ts';
import { ROLES, RoleCluster } from '../support/role-cluster.ts';
import { untilHeard } from '../support/until-heard.ts';

const cluster = new RoleCluster(freshDatabase());
let operator: Graph;
let app: Graph;

const urlOf = (role: Role): string => cluster.of(role).url;

beforeAll(async () => {
  await cluster.start();
  operator = new Graph(urlOf('gateway'), cluster.operatorKey);
});

afterAll(() => cluster.stop());

describe('roles apart', () => {
  test('an operator sets up, and a service sends', async () => {
    const { createApp } = await operator.data<{ createApp: { apiKey: string } }>(
      'mutation { createApp(name: "Shop") { apiKey } }',
    );
    app = new Graph(urlOf('gateway'), createApp.apiKey);
    await operator.data(
      `mutation {
        upsertUsers(users: [{ id: "ada", name: "Ada", email: "ada@example.org" }]) { id }
        saveTemplate(input: { id: "hello", name: "Hello", contents: [
          { channel: IN_APP, title: "Hello", body: "Hello {{user.name}}" }
          { channel: EMAIL, title: "Hello", body: "Hello {{user.name}}" }
        ] }) { id }
      }`,
    );
    await operator.data('mutation { publishTemplate(id: "hello") { publishedVersion } }');
  });

  test('a person receives it live, and entities come from their subgraphs', async () => {
    const { createUserToken } = await app.data<{ createUserToken: { token: string } }>(
      'mutation { createUserToken(user: "ada") { token } }',
    );
    const person = new Graph(urlOf('gateway'), createUserToken.token);
    const events = person.events<{ inboxEvents: { message: { notification: { id: string } } } }>(
      `subscription { inboxEvents {
        type unreadCount
        message { title body user { id name } notification { id template { name } app { name } } }
      } }`,
    );
    let sent = '';
    const { value } = await untilHeard(events.next(), async () => {
      const { sendNotification } = await app.data<Sent>(SEND, {
        input: { template: 'hello', to: [{ user: 'ada' }], channels: ['IN_APP', 'EMAIL'] },
      });
      sent = sendNotification.notification.id;
    });
    await events.return();
    expect(value).toEqual({
      inboxEvents: {
        type: 'RECEIVED',
        unreadCount: expect.any(Number),
        message: {
          title: 'Hello',
          body: 'Hello Ada',
          user: { id: 'ada', name: 'Ada' },
          notification: {
            id: expect.stringMatching(/^ntf_/),
            template: { name: 'Hello' },
            app: { name: 'Shop' },
          },
        },
      },
    });

    const { notification } = await eventually(
      () =>
        app.data<{ notification: { state: string; deliveries: { nodes: unknown[] } } }>(
          `query Sent($id: ID!) { notification(id: $id) {
            state app { name } template { id name publishedVersion }
            deliveries { nodes { channel state provider user { id name email } } }
          } }`,
          { id: sent },
        ),
      (answer) => expect(answer.notification.state).toBe('COMPLETED'),
    );
    const user = { id: 'ada', name: 'Ada', email: 'ada@example.org' };
    expect(notification).toMatchObject({
      app: { name: 'Shop' },
      template: { id: 'hello', name: 'Hello', publishedVersion: 1 },
    });
    expect(notification.deliveries.nodes).toHaveLength(2);
    expect(notification.deliveries.nodes).toEqual(
      expect.arrayContaining([
        { channel: 'IN_APP', state: 'DELIVERED', provider: expect.any(String), user },
        { channel: 'EMAIL', state: 'SENT', provider: 'sandbox', user },
      ]),
    );
  });

  test('counts come from the analytics process', async () => {
    await eventually(
      () =>
        operator.data<{
          deliveryStats: { totals: { delivered: number } };
          apps: { nodes: { name: string; stats: { sent: number } }[] };
        }>('{ deliveryStats { totals { delivered } } apps { nodes { name stats { sent } } } }'),
      ({ deliveryStats, apps }) => {
        expect(deliveryStats.totals.delivered).toBeGreaterThan(0);
        expect(apps.nodes.find(({ name }) => name === 'Shop')?.stats.sent).toBeGreaterThan(0);
      },
    );
  });

  test('the demo is off', async () => {
    const response = await fetch(`${urlOf('gateway')}/inbox/session`);
    expect([response.status, await response.json()]).toEqual([
      404,
      { message: expect.stringContaining('HERALD_DEMO') },
    ]);
    const start = await fetch(urlOf('gateway'), { redirect: 'manual' });
    expect(start.headers.get('location')).toBe('/console');
  });

  test.each(['notifications', 'templates', 'users', 'analytics'] as const)(
    'the %s subgraph answers only its gateway',
    async (role) => {
      const ask = async (secret: Record<string, string>) =>
        fetch(`${urlOf(role)}/graphql`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...secret },
          body: JSON.stringify({ query: '{ __typename }' }),
        });
      for (const wrong of [
        {},
        { [GATEWAY_SECRET_HEADER]: 'x'.repeat(43) },
        { authorization: `Bearer ${cluster.operatorKey}` },
      ]) {
        const response = await ask(wrong as Record<string, string>);
        expect(response.status).toBe(401);
        expect(await response.json()).toEqual({
          errors: [{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }],
        });
      }
      expect((await ask({ [GATEWAY_SECRET_HEADER]: cluster.gatewaySecret })).status).toBe(200);
    },
  );

  test.each(ROLES)('SIGTERM ends the %s with code 0', async (role) => {
    const running = cluster.of(role).process;
    expect(await running.stop(), running.output).toBe(0);
  });
});
