/** Resolvers of suppressions: for operators. */

import { addressProblem } from '../../../platform/addresses/address-problem.ts';
import { requirePrincipal } from '../../../platform/auth/principal.ts';
import { badInput } from '../../../platform/errors/herald-error.ts';
import { connectionOf, decodeCursor, encodeCursor, pageSize } from '../../../platform/graphql/connections.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import { withoutNulls } from '../../../platform/graphql/without-nulls.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { Resolvers } from '../generated/types.ts';
import { checkCategory } from '../input/preference-input.ts';
import { type Suppressions, suppressionCursor } from '../suppressions/suppressions.ts';

type SuppressionResolvers = {
  Query: NonNullable<Resolvers['Query']>;
  Mutation: NonNullable<Resolvers['Mutation']>;
};

export function suppressionResolvers(suppressions: Suppressions, log: Logger): SuppressionResolvers {
  return {
    Query: {
      async suppressions(_, { filter, first, after }, context) {
        const { workspace } = requirePrincipal(context, 'operator');
        const size = pageSize(first);
        const found = await suppressions.page(
          workspace,
          withoutNulls(filter ?? {}),
          after == null ? undefined : decodeCursor(after),
          size + 1,
        );
        return connectionOf(found, size, (one) => encodeCursor(suppressionCursor(one)), after != null);
      },
    },
    Mutation: {
      suppressAddress(_, { channel, address, reason, category }, context) {
        const { workspace, name } = requirePrincipal(context, 'operator');
        checkAddress(channel, address);
        if (category != null) {
          if (reason !== 'UNSUBSCRIBED')
            throw badInput(
              'category',
              'Only UNSUBSCRIBED is said of a category: the others are of the address.',
            );
          checkCategory('category', category);
        }
        return suppressions.suppress({
          workspace,
          channel,
          address,
          reason: reason ?? 'MANUAL',
          ...(category != null && { category }),
          by: name,
        });
      },
      async removeSuppression(_, { channel, address }, context) {
        const { workspace, name, key } = requirePrincipal(context, 'operator');
        const removed = await suppressions.remove(workspace, { channel, address });
        // The record goes; who took it away stays to be found.
        if (removed) log.info({ workspace, channel, address, by: name, key }, 'suppression removed');
        return removed;
      },
      async removeUnsubscription(_, { channel, address, category }, context) {
        const { workspace, name, key } = requirePrincipal(context, 'operator');
        const removed = await suppressions.removeConsent(
          workspace,
          { channel, address },
          category ?? undefined,
        );
        if (removed)
          log.info({ workspace, channel, address, category, by: name, key }, 'unsubscription removed');
        return removed;
      },
    },
  };
}

/** WEB_PUSH: a browser that is gone is removed from its user's devices. @throws HeraldError BAD_USER_INPUT. */
function checkAddress(channel: Channel, address: string): void {
  if (channel === 'IN_APP' || channel === 'WEB_PUSH')
    throw badInput('channel', `${channel} has no addresses that could be suppressed.`);
  const problem = addressProblem(channel, address);
  if (problem) throw badInput('address', problem);
}
