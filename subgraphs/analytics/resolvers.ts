/** Thin resolvers: who may, then the rollups. */
import DataLoader from 'dataloader';
import { type RequestContext, requirePrincipal } from '../../platform/auth/principal.ts';
import { forbidden } from '../../platform/errors/herald-error.ts';
import { DateTimeScalar } from '../../platform/graphql/scalars.ts';
import { withoutNulls } from '../../platform/graphql/without-nulls.ts';
import type { Counts } from './fold/fold.ts';
import type { Resolvers } from './generated/types.ts';
import { type DeliveryStatsReader, type StatsFilter, sumOf } from './read/delivery-stats.ts';

export function analyticsResolvers(stats: DeliveryStatsReader): Resolvers {
  const loaders = totalsLoaders(stats);
  const totals =
    (kind: 'app' | 'template') => (parent: { id: string }, _args: unknown, context: RequestContext) =>
      loaders(context, kind).load(parent.id);
  return {
    DateTime: DateTimeScalar,
    Query: {
      async deliveryStats(_, args, context) {
        const principal = requirePrincipal(context, 'app', 'operator');
        const given = withoutNulls<StatsFilter>(args);
        if (principal.kind === 'app' && given.app !== undefined && given.app !== principal.app)
          throw forbidden('An app sees its own counts only.');
        const filter = principal.kind === 'app' ? { ...given, app: principal.app } : given;
        const rows = await stats.rows(principal.workspace, filter, new Date());
        return { rows, totals: sumOf(rows) };
      },
    },
    DeliveryStat: { app: ({ app }) => ({ id: app }) },
    DeliveryTotals: {
      queued: (counts) => counts.QUEUED ?? 0,
      sent: (counts) => counts.SENT ?? 0,
      delivered: (counts) => counts.DELIVERED ?? 0,
      failed: (counts) => counts.FAILED ?? 0,
      skipped: (counts) => counts.SKIPPED ?? 0,
      expired: (counts) => counts.EXPIRED ?? 0,
      canceled: (counts) => counts.CANCELED ?? 0,
    },
    App: { __resolveReference: ({ id }) => ({ id }), stats: totals('app') },
    Template: { __resolveReference: ({ id }) => ({ id }), stats: totals('template') },
  };
}

type Kind = 'app' | 'template';

/** One loader per request and kind: the totals of many apps or templates are read in one query. */
function totalsLoaders(
  stats: DeliveryStatsReader,
): (context: RequestContext, kind: Kind) => DataLoader<string, Counts> {
  const byContext = new WeakMap<RequestContext, Map<Kind, DataLoader<string, Counts>>>();
  return (context, kind) => {
    const principal = requirePrincipal(context, 'app', 'operator');
    const own = byContext.get(context) ?? new Map<Kind, DataLoader<string, Counts>>();
    byContext.set(context, own);
    let loader = own.get(kind);
    if (!loader) {
      loader = new DataLoader((ids) => stats.totals(principal.workspace, kind, ids));
      own.set(kind, loader);
    }
    return loader;
  };
}
