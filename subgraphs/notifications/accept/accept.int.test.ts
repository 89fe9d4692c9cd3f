import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { HeraldError, unavailable } from '../../../platform/errors/herald-error.ts';
import type { Priority } from '../../../platform/graphql/contract-enums.ts';
import { InvalidationBus } from '../../../platform/invalidation/invalidation-bus.ts';
import { connectRedis, whenReady } from '../../../platform/storage/redis.ts';
import { freshDatabase } from '../../../testing/fresh.ts';
import { createTemplatesSubgraph, type PublishedRoute } from '../../templates/index.ts';
import { createUsersSubgraph, openDirectory } from '../../users/index.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import { type OpenStore, openStore, silent } from '../testing/open-store.ts';
import { type Accepted, AcceptService } from './accept.ts';
import type { SendInput } from './check-input.ts';
import { PlanEnqueuer } from './plan-enqueuer.ts';

const services = freshDatabase();
const sender = { workspace: 'default', app: 'app_test' };
let store: OpenStore;
let accept: AcceptService;
let acceptRefusing: (refused: Priority) => AcceptService;
let acceptWithRoute: (route: PublishedRoute) => AcceptService;
let enqueuer: PlanEnqueuer;
let close: () => Promise<void>;

beforeAll(async () => {
  store = await openStore(services);
  const subscriber = connectRedis(services.redisUrl, 'subscriber', silent);
  await whenReady(subscriber);
  const bus = new InvalidationBus(store.redis, subscriber, store.names.invalidations, silent);
  await bus.start();
  const users = await createUsersSubgraph({
    connection: store.connection,
    bus,
    log: silent,
    jwtSecret: 'a secret for this test alone, 32+',
    vapidPublicKey: 'not used here',
  });
  await users.service.ensureWorkspace('default', 'Default');
  await users.service.ensureUser('default', { id: 'ann', groups: ['vip'] });
  const templates = await createTemplatesSubgraph({
    connection: store.connection,
    bus,
    directory: openDirectory(store.connection),
    log: silent,
  });
  await templates.ensureDemo('default');
  enqueuer = new PlanEnqueuer(store.queues, store.events, silent, 100);
  const deps = {
    models: store.models,
    users: users.service,
    templates: templates.service,
    enqueuer,
    log: silent,
  };
  accept = new AcceptService(deps);
  acceptRefusing = (refused) =>
    new AcceptService({
      ...deps,
      admission: { refusal: (priority) => (priority === refused ? unavailable('full') : undefined) },
    });
  acceptWithRoute = (route) =>
    new AcceptService({ ...deps, templates: { ...templates.service, publishedRoute: async () => route } });
  close = async () => {
    await accept.close();
    await enqueuer.close();
    subscriber.disconnect();
    await store.close();
  };
});
afterAll(() => close());

const good: SendInput = { content: { body: 'Hello' }, to: [{ user: 'ann' }] };
const send = async (input: SendInput): Promise<Accepted | HeraldError> => {
  const [result] = await accept.accept(sender, [input], ['input']);
  if (!result) throw new Error('no result');
  return result;
};
const accepted = async (input: SendInput): Promise<Accepted> => {
  const result = await send(input);
  if (result instanceof HeraldError) throw result;
  return result;
};
const stored = () => store.models.notifications.countDocuments({});

describe('accepting', () => {
  it('stores what it answers, and queues it', async () => {
    const { notification, deduplicated } = await accepted({ ...good, priority: 'LOW' });
    expect(deduplicated).toBe(false);
    const record = await store.models.notifications.findById(notification._id).lean<NotificationRecord>();
    expect(record).toMatchObject({
      state: 'ACCEPTED',
      priority: 'LOW',
      planned: false,
      to: [{ user: 'ann' }],
    });
    await enqueuer.close();
    expect((await store.queues.waiting()).get('plan-low')).toBe(1);
  });

  it('makes one record of ten racing sends with one key, and answers them all with it', async () => {
    const before = await stored();
    const input = { ...good, idempotencyKey: 'race', data: undefined };
    const results = await Promise.all(Array.from({ length: 10 }, () => accepted(input)));
    expect(new Set(results.map((r) => r.notification._id)).size).toBe(1);
    expect(results.filter((r) => !r.deduplicated)).toHaveLength(1);
    expect(await stored()).toBe(before + 1);
  });

  it('lets one duplicate or bad entry of a batch fail alone, in the order of the inputs', async () => {
    const inputs: SendInput[] = [
      { ...good, idempotencyKey: 'batch' },
      { ...good, idempotencyKey: 'batch', content: { body: 'Other words' } },
      { ...good, to: [{ user: 'ann' }, { user: 'nobody' }] },
      { ...good, idempotencyKey: 'batch' },
      good,
    ];
    const results = await accept.accept(
      sender,
      inputs,
      inputs.map((_, i) => `inputs.${i}`),
    );
    expect(results[0]).toMatchObject({ deduplicated: false });
    expect(results[1]).toMatchObject({ code: 'CONFLICT', field: 'inputs.1.idempotencyKey' });
    expect(results[2]).toMatchObject({ code: 'BAD_USER_INPUT', field: 'inputs.2.to.1.user' });
    expect(results[3]).toMatchObject({
      deduplicated: true,
      notification: { idem: 'default|app_test|batch' },
    });
    expect(results[4]).toMatchObject({ deduplicated: false });
  });

  it('answers a repeat with the first even when it would be refused by now', async () => {
    const input = { ...good, idempotencyKey: 'late', expiresAt: new Date(Date.now() + 60_000) };
    const first = await accepted(input);
    // What is queued rests as long as it took.
    await enqueuer.close();
    // The shared clock goes on by this one.
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 61_000);
    expect(await accepted(input)).toMatchObject({
      deduplicated: true,
      notification: { _id: first.notification._id },
    });
    expect(await send({ ...input, idempotencyKey: 'never' })).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: 'input.expiresAt',
    });
  });

  it('keeps the keys of apps and workspaces apart', async () => {
    const first = await accepted({ ...good, idempotencyKey: 'apart' });
    const [other] = await accept.accept(
      { ...sender, app: 'app_other' },
      [{ ...good, idempotencyKey: 'apart' }],
      ['input'],
    );
    expect(other).toMatchObject({ deduplicated: false });
    expect((other as Accepted).notification._id).not.toBe(first.notification._id);
  });

  it('takes from a route what the caller leaves out', async () => {
    const { notification } = await accepted({
      event: 'order.paid',
      to: [{ user: 'ann' }],
      data: { order: '7', total: '9 €' },
    });
    expect(notification).toMatchObject({
      event: 'order.paid',
      routeVersion: 1,
      template: 'order-paid',
      channels: ['IN_APP', 'EMAIL'],
      category: 'orders',
      priority: 'MEDIUM',
    });
  });

  it('lets one that cannot be stored fail alone in its group', async () => {
    const before = await stored();
    const unserialisable = {
      toBSON() {
        throw new TypeError('not to be serialised');
      },
    };
    const results = await accept.accept(
      sender,
      [good, { ...good, data: { unserialisable } }, good],
      ['inputs.0', 'inputs.1', 'inputs.2'],
    );
    expect(results).toMatchObject([
      { deduplicated: false },
      { code: 'INTERNAL_SERVER_ERROR' },
      { deduplicated: false },
    ]);
    expect(await stored()).toBe(before + 2);
  });

  it.each([
    ['EMAIL', 'nobody'],
    ['WEBHOOK', 'ftp://example.com'],
    ['WEB_PUSH', 'https://push.example/1'],
  ] as const)('refuses an event whose route names a bad address on %s', async (channel, address) => {
    const before = await stored();
    const routed = acceptWithRoute({
      event: 'e',
      version: 1,
      actions: [
        { name: 'message', template: 'order-paid', channels: [], recipients: [{ channel, address }] },
      ],
      priority: 'MEDIUM',
      delaySeconds: 0,
      cancelOn: [],
      quietHours: 'HOLD',
      followUps: [],
    });
    const input = { event: 'e', data: { order: '1', total: '2' } };
    expect(await routed.accept(sender, [input], ['input'])).toMatchObject([
      { code: 'BAD_USER_INPUT', field: 'input.event' },
    ]);
    expect(await stored()).toBe(before);
  });

  it('asks no event for what the template of its digest needs', async () => {
    const route: PublishedRoute = {
      event: 'e',
      version: 1,
      actions: [{ name: 'message', template: 'order-paid', channels: [], recipients: [{ user: 'ann' }] }],
      priority: 'MEDIUM',
      delaySeconds: 0,
      cancelOn: [],
      quietHours: 'HOLD',
      followUps: [],
    };
    const input = { event: 'e', data: { by: 'Al' } };
    const send = (one: PublishedRoute) => acceptWithRoute(one).accept(sender, [input], ['input']);
    expect(await send(route)).toMatchObject([{ code: 'BAD_USER_INPUT', field: 'input.data.order' }]);
    expect(await send({ ...route, digest: { windowSeconds: 60 } })).toMatchObject([
      { notification: { rules: { digest: { windowSeconds: 60 }, quietHours: 'HOLD' } } },
    ]);
  });

  it('waits for sendAt', async () => {
    const sendAt = new Date(Date.now() + 60_000);
    const { notification } = await accepted({ ...good, sendAt });
    expect(notification).toMatchObject({ state: 'SCHEDULED', dueAt: sendAt, nextAttemptAt: sendAt });
  });

  it.each<[string, SendInput, string]>([
    ['an unknown user', { ...good, to: [{ user: 'nobody' }] }, 'input.to.0.user'],
    ['a group without members', { ...good, to: [{ group: 'nobody' }] }, 'input.to.0.group'],
    ['an unknown template', { template: 'nothing', to: [{ user: 'ann' }] }, 'input.template'],
    ['an event without route', { event: 'nothing.happened', to: [{ user: 'ann' }] }, 'input.event'],
    [
      'an event whose route names nobody',
      { event: 'order.paid', data: { order: '1', total: '2' } },
      'input.to',
    ],
    ['a missing variable', { template: 'welcome', to: [{ user: 'ann' }] }, 'input.data.product'],
    [
      'a channel without words',
      { template: 'welcome', to: [{ user: 'ann' }], data: { product: 'x' }, channels: ['IN_APP', 'SLACK'] },
      'input.channels.1',
    ],
    [
      'an address on a channel without words',
      { template: 'welcome', to: [{ channel: 'TELEGRAM', address: '42' }], data: { product: 'x' } },
      'input.to.0.channel',
    ],
  ])('refuses %s and writes nothing', async (_what, input, field) => {
    const before = await stored();
    expect(await send(input)).toMatchObject({ code: 'BAD_USER_INPUT', field });
    expect(await stored()).toBe(before);
  });

  it('refuses what the queues have no room for, but not the repeat of what was accepted', async () => {
    const input: SendInput = { ...good, priority: 'LOW', idempotencyKey: 'before-full' };
    const first = await accepted(input);
    const full = acceptRefusing('LOW');
    const before = await stored();
    const results = await full.accept(
      sender,
      [input, { ...input, idempotencyKey: 'when-full' }, { ...good, priority: 'MEDIUM' }],
      ['0', '1', '2'],
    );
    expect(results).toMatchObject([
      { deduplicated: true, notification: { _id: first.notification._id } },
      { code: 'UNAVAILABLE' },
      { deduplicated: false },
    ]);
    expect(await stored()).toBe(before + 1);
    await full.close();
  });
});
