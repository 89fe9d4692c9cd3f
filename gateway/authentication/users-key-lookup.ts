/** The key lookup over the users subgraph's `Query.principalByKeyHash`, which callers of the graph cannot see. */
import { z } from 'zod';
import { unavailable } from '../../platform/errors/herald-error.ts';
import { principalSchema } from '../../platform/graphql/subgraph-protocol.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { SubgraphSource } from '../subgraph-sources/subgraph-source.ts';
import type { KeyLookup } from './key-directory.ts';

const QUERY = 'query PrincipalByKeyHash($hash: String!) { principalByKeyHash(hash: $hash) }';
const answerSchema = z.object({ principalByKeyHash: principalSchema.nullable() });

/** Any failure is UNAVAILABLE: that the subgraph does not answer must never look like a wrong key. */
export const usersKeyLookup =
  (users: Pick<SubgraphSource, 'execute'>, log: Logger): KeyLookup =>
  async (keyHash, requestId) => {
    const { data, errors } = await users.execute(
      { query: QUERY, variables: { hash: keyHash } },
      { requestId },
    );
    const answer = answerSchema.safeParse(data);
    if (!errors && answer.success) return answer.data.principalByKeyHash ?? undefined;
    log.warn(
      { requestId, ...(errors ? { errors } : { err: answer.error }) },
      'authentication: no answer from users',
    );
    throw unavailable('Credentials cannot be checked at the moment. Try again.');
  };
