/** What operators, apps and users change while Herald runs, and how it shows in what is sent after. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connection } from 'mongoose';
import { expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { Graph } from '../support/graph.ts';

export interface Change {
  readonly what: string;
  /** Within how many ms it is seen when its message is lost. */
  readonly missedMs: number;
  /** Makes things as they are without it, and has all processes know them so. */
  before(): Promise<void>;
  /** At the first gateway. */
  make(): Promise<void>;
  /** Whether all of a few messages, sent now, are as it says: of each gateway, planned and sent by whichever dispatcher. */
  isSeen(): Promise<boolean>;
}

interface Delivery {
  readonly notification: string;
  readonly user?: string;
  readonly address?: string;
  readonly provider?: string;
  readonly skipReason?: string;
  readonly content?: { readonly body: string };
}
interface Outcome {
  /** Of refused sends: their error codes. */
  readonly refused: readonly string[];
  readonly categories: readonly (string | undefined)[];
  readonly deliveries: readonly Delivery[];
}
interface StoredNotification {
  readonly _id: string;
  readonly state: string;
  readonly category?: string;
}

/** How long a change may be missed whose message is lost: docs/operating.md. */
const MISSED_MS = { published: 1_000, users: 3_000, apps: 5_000, accounts: 10_000 };
/** Messages at each gateway. */
const EACH = 4;
const WORDS = { body: 'x' };
const TELEGRAM = { content: WORDS, to: [{ channel: 'TELEGRAM', address: '4711' }] };
const SEND = `mutation Send($inputs: [SendNotificationInput!]!) {
  sendNotifications(inputs: $inputs) { notification { id } error { code } }
}`;
interface SentMany {
  readonly sendNotifications: readonly {
    readonly notification: { readonly id: string } | null;
    readonly error: { readonly code: string } | null;
  }[];
}

/** All kinds of them, each with things of its own, so that they can be made side by side. */
export class Changes {
  readonly #operators: readonly Graph[];
  readonly #urls: readonly string[];
  readonly #store: Connection;
  #telegram: Server | undefined;

  /** @param urls of the gateways; changes are made at the first one. */
  constructor(urls: readonly string[], operatorKey: string, store: Connection) {
    this.#urls = urls;
    this.#operators = urls.map((url) => new Graph(url, operatorKey));
    this.#store = store;
  }

  async all(): Promise<readonly Change[]> {
    return [
      this.#template(),
      this.#route(),
      this.#suppression(),
      this.#preference(),
      this.#profile(),
      this.#segment(),
      await this.#permission(),
      await this.#appRate(),
      await this.#key(),
      await this.#accountSwitchedOff(),
      await this.#accountRate(),
    ];
  }

  async close(): Promise<void> {
    this.#telegram?.closeAllConnections();
    await new Promise((resolve) => (this.#telegram ? this.#telegram.close(resolve) : resolve(undefined)));
  }

  #template(): Change {
    return change(
      'a template',
      MISSED_MS.published,
      (made) =>
        this.#ask(
          `mutation Template($input: TemplateInput!) {
            saveTemplate(input: $input) { id }
            publishTemplate(id: "changing") { publishedVersion }
          }`,
          {
            input: {
              id: 'changing',
              name: 'C',
              contents: [{ channel: 'EMAIL', title: 't', body: `${made}` }],
            },
          },
        ),
      async () => {
        const { deliveries } = await this.#send({ template: 'changing', to: mailTo('template') });
        return every(deliveries, ({ content }) => content?.body === 'true');
      },
    );
  }

  #route(): Change {
    return change(
      'a route',
      MISSED_MS.published,
      (made) =>
        this.#ask(
          `mutation Route($template: TemplateInput!, $route: RouteInput!) {
            saveTemplate(input: $template) { id }
            publishTemplate(id: "routed") { publishedVersion }
            saveRoute(input: $route) { event }
            publishRoute(event: "changing") { publishedVersion }
          }`,
          {
            template: { id: 'routed', name: 'R', contents: [{ channel: 'EMAIL', title: 't', body: 'b' }] },
            route: { event: 'changing', template: 'routed', category: `${made}` },
          },
        ),
      async () => {
        const { categories } = await this.#send({ event: 'changing', to: mailTo('route') });
        return every(categories, (category) => category === 'true');
      },
    );
  }

  #suppression(): Change {
    const address = 'EMAIL, address: "suppressed@example.org"';
    return change(
      'a suppression',
      MISSED_MS.users,
      (made) =>
        this.#ask(
          made
            ? `mutation { suppressAddress(channel: ${address}) { address } }`
            : `mutation { removeSuppression(channel: ${address}) }`,
        ),
      async () => {
        const { deliveries } = await this.#send({ content: WORDS, to: mailTo('suppressed') });
        return every(deliveries, ({ skipReason }) => skipReason === 'SUPPRESSED');
      },
    );
  }

  #preference(): Change {
    return change(
      "a user's preference",
      MISSED_MS.users,
      (made) =>
        this.#ask(
          `mutation Preference($preferences: [PreferenceInput!]!) {
            upsertUsers(users: [{ id: "chooser", email: "chooser@example.org" }]) { id }
            setPreferences(user: "chooser", preferences: $preferences) { id }
          }`,
          { preferences: [{ category: 'news', enabled: !made }] },
        ),
      async () => {
        const to = [{ user: 'chooser' }];
        const input = { content: WORDS, to, channels: ['EMAIL'], category: 'news' };
        const { deliveries } = await this.#send(input);
        return every(deliveries, ({ skipReason }) => skipReason === 'UNSUBSCRIBED');
      },
    );
  }

  #profile(): Change {
    return change(
      "a user's address",
      MISSED_MS.users,
      (made) =>
        this.#ask('mutation Users($users: [UserInput!]!) { upsertUsers(users: $users) { id } }', {
          users: [{ id: 'mover', email: `${made}@example.org` }],
        }),
      async () => {
        const input = { content: WORDS, to: [{ user: 'mover' }], channels: ['EMAIL'] };
        const { deliveries } = await this.#send(input);
        return every(deliveries, ({ address }) => address === 'true@example.org');
      },
    );
  }

  #segment(): Change {
    return change(
      'a segment',
      MISSED_MS.users,
      (made) =>
        this.#ask(
          `mutation Segment($users: [UserInput!]!, $segment: SegmentInput!) {
            upsertUsers(users: $users) { id }
            saveSegment(input: $segment) { id }
          }`,
          {
            users: ['true', 'false'].map((plan) => ({
              id: `plan-${plan}`,
              email: `plan-${plan}@example.org`,
              attributes: { plan },
            })),
            segment: {
              id: 'changing',
              name: 'S',
              when: `has(user.attributes.plan) && user.attributes.plan == "${made}"`,
            },
          },
        ),
      async () => {
        const input = { content: WORDS, to: [{ segment: 'changing' }], channels: ['EMAIL'] };
        const { deliveries } = await this.#send(input);
        return every(deliveries, ({ user }) => user === 'plan-true');
      },
    );
  }

  async #permission(): Promise<Change> {
    const app = await this.#newApp();
    return change(
      "an app's permissions",
      MISSED_MS.apps,
      (made) =>
        this.#ask(
          'mutation App($id: ID!, $may: AppPermissionsInput) { updateApp(id: $id, may: $may) { id } }',
          {
            id: app.id,
            may: made ? { content: false } : null,
          },
        ),
      async () => {
        const { refused } = await this.#send({ content: WORDS, to: mailTo('app') }, app.callers);
        return refused.length === EACH * app.callers.length && every(refused, (code) => code === 'FORBIDDEN');
      },
    );
  }

  async #appRate(): Promise<Change> {
    const app = await this.#newApp();
    return change(
      "an app's rate",
      MISSED_MS.apps,
      (made) =>
        this.#ask(
          'mutation App($id: ID!, $rate: Int) { updateApp(id: $id, rateLimitPerSecond: $rate) { id } }',
          {
            id: app.id,
            rate: made ? 1 : 1_000,
          },
        ),
      async () => {
        const { refused } = await this.#send({ content: WORDS, to: mailTo('rate') }, app.callers);
        return refused.includes('RATE_LIMITED');
      },
    );
  }

  async #key(): Promise<Change> {
    const app = await this.#newApp();
    let key = { key: { id: '' }, secret: '' };
    return change(
      'a revoked key',
      MISSED_MS.apps,
      async (made) => {
        if (made) {
          await this.#ask('mutation Revoke($id: ID!) { revokeKey(id: $id) { id } }', { id: key.key.id });
          return;
        }
        const { createApiKey } = await this.#ask<{ createApiKey: typeof key }>(
          'mutation Key($app: ID!) { createApiKey(app: $app, name: "k") { key { id } secret } }',
          { app: app.id },
        );
        key = createApiKey;
      },
      async () => {
        const callers = this.#callers(key.secret);
        const { refused } = await this.#send({ content: WORDS, to: mailTo('key') }, callers);
        return refused.length === callers.length && every(refused, (code) => code === 'UNAUTHENTICATED');
      },
    );
  }

  async #accountSwitchedOff(): Promise<Change> {
    const app = await this.#newApp();
    await this.#saveAccounts('off', app.id);
    return change(
      'a provider account, switched off',
      MISSED_MS.accounts,
      (made) =>
        this.#ask(
          'mutation Off($on: Boolean!) { setProviderAccountEnabled(id: "off-first", enabled: $on) { id } }',
          { on: !made },
        ),
      async () => {
        const { deliveries } = await this.#send(TELEGRAM, app.callers);
        return every(deliveries, ({ provider }) => provider === 'off-second');
      },
    );
  }

  async #accountRate(): Promise<Change> {
    const app = await this.#newApp();
    await this.#saveAccounts('rate', app.id);
    return change(
      "a provider account's rate",
      MISSED_MS.accounts,
      (made) =>
        this.#ask(
          `mutation Rate($rate: Float) {
            saveProviderAccount(input: { id: "rate-first", provider: "telegram", ratePerSecond: $rate }) { id }
          }`,
          { rate: made ? 1 : 10_000 },
        ),
      async () => {
        const { deliveries } = await this.#send(TELEGRAM, app.callers);
        return deliveries.some(({ provider }) => provider === 'rate-second');
      },
    );
  }

  /** Two of them, the second for what the first does not take. */
  async #saveAccounts(name: string, app: string): Promise<void> {
    const baseUrl = await this.#telegramUrl();
    for (const [order, place] of ['first', 'second'].entries())
      await this.#ask(
        'mutation Account($input: ProviderAccountInput!) { saveProviderAccount(input: $input) { id } }',
        {
          input: {
            id: `${name}-${place}`,
            provider: 'telegram',
            apps: [app],
            order,
            config: { botToken: '123456:abcdefghijklmnopqrstuvwxyz', baseUrl },
          },
        },
      );
  }

  /** Takes everything. */
  async #telegramUrl(): Promise<string> {
    if (!this.#telegram) {
      this.#telegram = createServer((request, response) => {
        request.resume().on('end', () => {
          response
            .writeHead(200, { 'content-type': 'application/json' })
            .end(JSON.stringify({ ok: true, result: { message_id: 1 } }));
        });
      });
      const server = this.#telegram;
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
    return `http://127.0.0.1:${(this.#telegram.address() as AddressInfo).port}`;
  }

  async #newApp() {
    const { createApp } = await this.#ask<{ createApp: { app: { id: string }; apiKey: string } }>(
      'mutation { createApp(name: "Changing") { app { id } apiKey } }',
    );
    return { id: createApp.app.id, callers: this.#callers(createApp.apiKey) };
  }

  #callers(credential: string): readonly Graph[] {
    return this.#urls.map((url) => new Graph(url, credential));
  }

  async #ask<T>(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<T> {
    const [first] = this.#operators;
    if (!first) throw new Error('no gateway');
    return first.data<T>(query, variables);
  }

  /** Sends it a few times, at each of the gateways, and waits for the end of all that was accepted. */
  async #send(input: Readonly<Record<string, unknown>>, callers = this.#operators): Promise<Outcome> {
    const answers = await Promise.all(
      callers.map((caller) => caller.ask<SentMany>(SEND, { inputs: Array(EACH).fill(input) })),
    );
    const results = answers.flatMap(({ data }) => data?.sendNotifications ?? []);
    const ids = results.flatMap(({ notification }) => notification?.id ?? []);
    const notifications = await eventually(
      () =>
        this.#store
          .collection<StoredNotification>('notifications')
          .find({ _id: { $in: ids } })
          .toArray(),
      (records) => expect(records.filter(({ state }) => state === 'COMPLETED')).toHaveLength(ids.length),
      60_000,
    );
    return {
      refused: [
        ...answers.flatMap(({ errors }) => errors?.map(({ extensions }) => extensions.code) ?? []),
        ...results.flatMap(({ error }) => error?.code ?? []),
      ],
      categories: notifications.map(({ category }) => category),
      deliveries: await this.#store
        .collection<Delivery>('deliveries')
        .find({ notification: { $in: ids } })
        .toArray(),
    };
  }
}

/** @param set makes it, or takes it back. */
function change(
  what: string,
  missedMs: number,
  set: (made: boolean) => Promise<unknown>,
  isSeen: () => Promise<boolean>,
): Change {
  return {
    what,
    missedMs,
    async before() {
      await set(false);
      await eventually(
        async () => [await isSeen(), await isSeen()],
        (seen) => expect(seen, what).toEqual([false, false]),
        60_000,
      );
    },
    async make() {
      await set(true);
    },
    isSeen,
  };
}

const mailTo = (name: string) => [{ channel: 'EMAIL', address: `${name}@example.org` }];

function every<T>(all: readonly T[], is: (one: T) => boolean): boolean {
  return all.length > 0 && all.every(is);
}
