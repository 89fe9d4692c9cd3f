/** What an event would do, for apps and operators. */
import { requirePrincipal } from '../../../platform/auth/principal.ts';
import { HeraldError } from '../../../platform/errors/herald-error.ts';
import type { SendInput } from '../accept/check-input.ts';
import { explain } from '../explain/explain-route.ts';
import type { QueryResolvers } from '../generated/types.ts';
import type { ResolverDeps } from './deps.ts';
import { sending } from './sending.ts';

/** The arguments are no input object. */
function asArgument(error: unknown): never {
  if (!(error instanceof HeraldError) || error.field === undefined) throw error;
  const field = error.field.replace(/^input\./, '');
  throw new HeraldError(error.code, error.message, { field });
}

export function explainResolvers(deps: ResolverDeps): Required<Pick<QueryResolvers, 'explainRoute'>> {
  const { senderOf } = sending(deps);
  return {
    async explainRoute(_, { event, data, to, channels, priority }, context) {
      const principal = requirePrincipal(context, 'app', 'operator');
      const input = {
        event,
        ...(data != null && { data }),
        ...(to && { to }),
        ...(channels && { channels }),
        ...(priority && { priority }),
      } as SendInput;
      const record = await deps.accept
        .prepare(senderOf(principal, context.requestId), input, 'input')
        .catch(asArgument);
      const { deliveries, hasMore, problem } = await explain(record, deps);
      return {
        event,
        routeVersion: record.routeVersion ?? null,
        dueAt: record.dueAt,
        expiresAt: record.expiresAt ?? null,
        priority: record.priority,
        category: record.category ?? null,
        passedOver: [...(record.passedOver ?? [])],
        deliveries: deliveries.map(({ user, ...delivery }) => ({
          ...delivery,
          user: user === undefined ? null : { id: user },
          sent: delivery.skipReason === undefined && delivery.body !== undefined,
        })),
        hasMore,
        cancels: [...(record.cancels ?? [])],
        followUps: (record.followUps ?? []).map(({ event: name, afterSeconds }) => ({
          event: name,
          afterSeconds,
        })),
        problem: problem ?? null,
      };
    },
  };
}
