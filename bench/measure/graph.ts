/** Calls to the graph for setting a benchmark up. */
export async function call<T>(url: string, key: string, query: string, variables: object = {}): Promise<T> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  });
  const answer = (await response.json()) as { data?: T; errors?: { message: string }[] };
  if (answer.errors || !answer.data)
    throw new Error(`${query.slice(0, 60)}: ${answer.errors?.map((e) => e.message).join('; ')}`);
  return answer.data;
}

export interface Calling {
  readonly apiKey: string;
  readonly users: readonly string[];
}

/** An app to call as, and people to send to. */
export async function prepare(url: string, operatorKey: string): Promise<Calling> {
  const { createApp } = await call<{ createApp: { apiKey: string } }>(
    url,
    operatorKey,
    'mutation { createApp(name: "bench", rateLimitPerSecond: 1000000) { apiKey } }',
  );
  const users = Array.from({ length: 1_000 }, (_, i) => `bench-${i}`);
  await call(url, operatorKey, 'mutation($u: [UserInput!]!) { upsertUsers(users: $u) { id } }', {
    u: users.map((id) => ({ id, name: id, email: `${id}@example.com` })),
  });
  return { apiKey: createApp.apiKey, users };
}
