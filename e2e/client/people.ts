/** Persons with an inbox, for tests of the client against a running platform. */
import {
  createInbox,
  type Inbox,
  type InboxOptions,
  type InboxSnapshot,
} from '../../client/browser/inbox.ts';
import type { Platform } from '../support/platform.ts';

export class Person {
  readonly id: string;
  readonly #platform: Platform;

  private constructor(platform: Platform, id: string) {
    this.#platform = platform;
    this.id = id;
  }

  static async of(platform: Platform, id: string): Promise<Person> {
    await platform.app.data('mutation Users($id: ID!) { upsertUsers(users: [{ id: $id }]) { id } }', { id });
    return new Person(platform, id);
  }

  async token(ttlSeconds = 3_600): Promise<string> {
    const { createUserToken } = await this.#platform.app.data<{ createUserToken: { token: string } }>(
      'mutation Token($id: ID!, $ttl: Int!) { createUserToken(user: $id, ttlSeconds: $ttl) { token } }',
      { id: this.id, ttl: ttlSeconds },
    );
    return createUserToken.token;
  }

  /** Each text as a message, in this order. */
  async send(...bodies: readonly string[]): Promise<void> {
    for (const body of bodies)
      await this.#platform.app.data(
        'mutation Send($input: SendNotificationInput!) { sendNotification(input: $input) { deduplicated } }',
        { input: { content: { body }, to: [{ user: this.id }], channels: ['IN_APP'] } },
      );
  }

  /** A started inbox, as in a browser of its own unless `options` says otherwise. */
  inbox(options: Partial<InboxOptions> = {}): Inbox {
    const inbox = createInbox({
      url: this.#platform.url,
      token: () => this.token(),
      shareSocket: false,
      ...options,
    });
    inbox.start();
    return inbox;
  }
}

/** Waits until an inbox is as wanted. @throws Error that tells how it is instead. */
export function until(
  inbox: Inbox,
  what: string,
  wanted: (snapshot: InboxSnapshot) => boolean,
  timeoutMs = 40_000,
): Promise<InboxSnapshot> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const snapshot = inbox.getSnapshot();
      if (!wanted(snapshot)) return;
      clearTimeout(late);
      stop();
      resolve(snapshot);
    };
    const stop = inbox.subscribe(look);
    const late = setTimeout(() => {
      stop();
      const { messages, ...rest } = inbox.getSnapshot();
      reject(new Error(`${what}: ${JSON.stringify({ ...rest, messages: messages.map((one) => one.body) })}`));
    }, timeoutMs);
    look();
  });
}

/** Sorted: of notifications that are sent one after the other the later may be stored first. */
export const bodies = ({ messages }: InboxSnapshot): string[] => messages.map(({ body }) => body).toSorted();
