import { expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { SEND, type Sent } from '../support/graph.ts';
import type { Platform } from '../support/platform.ts';

/** What a message of a test says. */
export interface Content {
  readonly title?: string;
  readonly body: string;
  readonly url?: string;
  readonly imageUrl?: string;
  readonly data?: unknown;
}

/** A person with an inbox: the token for a page. */
export async function newPerson(platform: Platform, id: string): Promise<string> {
  const { createUserToken } = await platform.app.data<{ createUserToken: { token: string } }>(
    'mutation Person($id: ID!) { upsertUsers(users: [{ id: $id }]) { id } createUserToken(user: $id) { token } }',
    { id },
  );
  return createUserToken.token;
}

/** One after another, each stored before the next is sent, so that the last is the newest. */
export async function send(platform: Platform, id: string, ...contents: readonly Content[]): Promise<void> {
  for (const content of contents) {
    const { sendNotification } = await platform.app.data<Sent>(SEND, {
      input: { content, to: [{ user: id }], channels: ['IN_APP'] },
    });
    if (content !== contents.at(-1)) await stored(platform, sendNotification.notification.id);
  }
}

const stored = (platform: Platform, id: string) =>
  eventually(
    () =>
      platform.app.data<{ notification: { state: string } }>(
        'query State($id: ID!) { notification(id: $id) { state } }',
        { id },
      ),
    ({ notification }) => expect(notification.state).toBe('COMPLETED'),
  );

/** `one`, `two`, … each as a message with this title. */
export function titled(...titles: readonly string[]): readonly Content[] {
  return titles.map((title) => ({ title, body: `About ${title}` }));
}
