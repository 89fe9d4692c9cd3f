/** Who sends and who listens. */
import { call } from '../measure/graph.ts';
import type { Platform } from '../measure/platform.ts';

/** Of one `upsertUsers`. */
const CHUNK = 1_000;
const TOKENS_AT_ONCE = 20;
/** Longer than any run. */
const TOKEN_SECONDS = 6 * 3_600;

export interface Person {
  readonly id: string;
  readonly name: string;
}

export async function createApp({ url, operatorKey }: Platform): Promise<string> {
  const { createApp } = await call<{ createApp: { apiKey: string } }>(
    url,
    operatorKey,
    'mutation { createApp(name: "bench", rateLimitPerSecond: 1000000) { apiKey } }',
  );
  return createApp.apiKey;
}

export async function createPeople({ url, operatorKey }: Platform, people: readonly Person[]): Promise<void> {
  for (let at = 0; at < people.length; at += CHUNK)
    await call(url, operatorKey, 'mutation($users: [UserInput!]!) { upsertUsers(users: $users) { id } }', {
      users: people.slice(at, at + CHUNK),
    });
}

/** A user token for each, in their order. */
export async function tokensOf(
  { url, operatorKey }: Platform,
  users: readonly string[],
): Promise<readonly string[]> {
  const tokens: string[] = [];
  const todo = users.entries();
  const worker = async () => {
    for (const [i, user] of todo) {
      const { createUserToken } = await call<{ createUserToken: { token: string } }>(
        url,
        operatorKey,
        'mutation($user: ID!, $ttl: Int) { createUserToken(user: $user, ttlSeconds: $ttl) { token } }',
        { user, ttl: TOKEN_SECONDS },
      );
      tokens[i] = createUserToken.token;
    }
  };
  await Promise.all(Array.from({ length: TOKENS_AT_ONCE }, worker));
  return tokens;
}
