/** A connection for a few requests: sockets need no leave of other origins, as HTTP requests of pages do. */
import { GraphqlSocket } from '../graphql-socket.ts';
import type { TokenSource } from '../inbox-types.ts';
import { TokenKeeper } from '../token-keeper.ts';

export interface HeraldOptions {
  /** Where Herald is. */
  readonly url: string;
  readonly token: TokenSource;
}

/** @throws HeraldInboxError what Herald says, and what `ask` throws. */
export async function withHerald<T>(
  { url, token }: HeraldOptions,
  ask: (herald: GraphqlSocket) => Promise<T>,
): Promise<T> {
  const herald = new GraphqlSocket({ url, token: await new TokenKeeper(token).get() });
  try {
    await herald.ready;
    return await ask(herald);
  } finally {
    herald.close();
  }
}
