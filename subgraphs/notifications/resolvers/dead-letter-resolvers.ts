/** Dead letters, the audit trail and alerts: what operators work with when something went wrong. */
import { type RequestContext, requirePrincipal } from '../../../platform/auth/principal.ts';
import {
  type ConnectionRecord,
  connectionOf,
  decodeCursor,
  encodeCursor,
  pageSize,
} from '../../../platform/graphql/connections.ts';
import { withoutNulls } from '../../../platform/graphql/without-nulls.ts';
import { alertId } from '../alerts/alert-record.ts';
import { readAlerts } from '../alerts/read-alerts.ts';
import { type AuditFilter, readAudit } from '../audit/read-audit.ts';
import { auditId } from '../audit/write-audit.ts';
import { type ChoiceInput, ownFilter, positionIn } from '../dead-letters/choose.ts';
import type { DeadLetterFilter } from '../dead-letters/dead-letter-filter.ts';
import { discardDeadLetters } from '../dead-letters/discard-dead-letters.ts';
import { positionOf } from '../dead-letters/list-keys.ts';
import { deadLetterCount, readDeadLetters } from '../dead-letters/read-dead-letters.ts';
import { replayDeadLetters } from '../dead-letters/replay-dead-letters.ts';
import type {
  AlertResolvers,
  AuditEntryResolvers,
  DeadLetterConnectionResolvers,
  DeadLetterResolvers,
  MutationResolvers,
  QueryResolvers,
} from '../generated/types.ts';
import { checkFilter } from '../read/check-filter.ts';
import type { Scanned } from '../read/scan-newest.ts';
import type { ResolverDeps } from './deps.ts';
import type { Lookup } from './lookup.ts';

interface DeadLetterTypeResolvers {
  readonly queries: Required<Pick<QueryResolvers, 'deadLetters' | 'auditEntries' | 'alerts'>>;
  readonly mutations: Required<Pick<MutationResolvers, 'replayDeadLetters' | 'discardDeadLetters'>>;
  readonly types: {
    readonly DeadLetter: DeadLetterResolvers;
    readonly DeadLetterConnection: DeadLetterConnectionResolvers;
    readonly AuditEntry: AuditEntryResolvers;
    readonly Alert: AlertResolvers;
  };
}

export function deadLetterResolvers(deps: ResolverDeps, find: Lookup): DeadLetterTypeResolvers {
  return {
    queries: {
      async deadLetters(_, { filter, first, after }, context) {
        const caller = requirePrincipal(context, 'app', 'operator');
        const size = pageSize(first);
        const own = ownFilter(caller, withoutNulls<DeadLetterFilter>(filter ?? {}));
        const position = after == null ? undefined : positionIn(after);
        const scanned = await readDeadLetters(deps.models, caller.workspace, own, { size, after: position });
        return {
          ...pageOf(scanned, positionOf, position),
          count: () => deadLetterCount(deps.models, caller.workspace, own),
        };
      },
      async auditEntries(_, { filter, first, after }, context) {
        const { workspace } = requirePrincipal(context, 'operator');
        const size = pageSize(first);
        const given = withoutNulls<AuditFilter>(filter ?? {});
        checkFilter(given, 'action');
        const position = after == null ? undefined : decodeCursor(after, 'aud_');
        const scanned = await readAudit(deps.models, workspace, given, { size, after: position });
        return pageOf(scanned, auditId, position);
      },
      async alerts(_, { first, after }, context) {
        const { workspace } = requirePrincipal(context, 'operator');
        const size = pageSize(first);
        const position = after == null ? undefined : decodeCursor(after, 'alr_');
        return pageOf(await readAlerts(deps.models, workspace, { size, after: position }), alertId, position);
      },
    },

    mutations: {
      async replayDeadLetters(_, { edit, reason, ...choice }, context) {
        const caller = requirePrincipal(context, 'app', 'operator');
        const { replays, left, ...replayed } = await replayDeadLetters(deps, caller, {
          ...choiceOf(choice),
          ...(edit && { edit }),
          ...(reason != null && { reason }),
        });
        return { ...replayed, replays: [...replays], left: [...left] };
      },
      async discardDeadLetters(_, { reason, ...choice }, context) {
        const caller = requirePrincipal(context, 'app', 'operator');
        return discardDeadLetters(deps, caller, { ...choiceOf(choice), reason });
      },
    },

    types: {
      DeadLetterConnection: { totalCount: (connection) => connection.count() },
      DeadLetter: {
        id: ({ _id }) => _id,
        delivery: ({ _id }, _, context) => find.delivery(_id, context),
        notification: ({ notification }, _, context) => find.loaded(notification, context),
        app: ({ app }) => ({ id: app }),
        user: ({ user }) => (user === undefined ? null : { id: user }),
        template: ({ template }) => (template === undefined ? null : { id: template }),
        replay: ({ replay }, _, context: RequestContext) =>
          replay === undefined ? null : find.loaded(replay, context),
      },
      AuditEntry: { id: auditId, replays: ({ replays }) => [...(replays ?? [])] },
      Alert: { id: alertId },
    },
  };
}

/** What the arguments choose by, nulls taken out, those of the filter too. */
function choiceOf(given: object): ChoiceInput {
  const choice = withoutNulls<ChoiceInput>(given);
  return choice.filter ? { ...choice, filter: withoutNulls<DeadLetterFilter>(choice.filter) } : choice;
}

/** A page may be short although there is more: its end is where the read stopped, not its last node. */
function pageOf<T>(
  { found, next }: Scanned<T>,
  positionOfItem: (item: T) => string,
  after: string | undefined,
): ConnectionRecord<T> {
  const page = connectionOf(
    found,
    found.length,
    (item) => encodeCursor(positionOfItem(item)),
    after !== undefined,
  );
  return next === undefined
    ? page
    : { ...page, pageInfo: { ...page.pageInfo, hasNextPage: true, endCursor: encodeCursor(next) } };
}
