/** Published routes whose events wait, and are cancelled by others. */
import type { Model } from 'mongoose';
import type { Cancels, RouteBody } from '../contract.ts';
import type { HeadRecord } from './records.ts';

/** A published route that others cancel. */
export interface CancellableRoute {
  readonly event: string;
  readonly key: string;
  readonly cancelOn: readonly string[];
}
export type CancellableRoutes = (workspace: string) => Promise<readonly CancellableRoute[]>;

/** Reads a workspace's routes through, without their actions: it is asked for once for many sends. */
export const cancellableRoutes =
  (heads: Model<HeadRecord<RouteBody>>): CancellableRoutes =>
  async (workspace) => {
    const found = await heads.collection
      .find(
        // A workspace id has no colon and ";" follows ":".
        { _id: { $gt: `${workspace}:`, $lt: `${workspace};` } as never },
        { projection: { id: 1, 'published.cancelOn': 1, 'published.key': 1 } },
      )
      .toArray();
    return (found as unknown as HeadRecord<RouteBody>[]).flatMap(({ id, published }) =>
      published?.key !== undefined && (published.cancelOn ?? []).length > 0
        ? [{ event: id, key: published.key, cancelOn: published.cancelOn }]
        : [],
    );
  };

/** By the event that cancels. Pure. */
export function cancelsByEvent(routes: readonly CancellableRoute[]): ReadonlyMap<string, readonly Cancels[]> {
  const byEvent = new Map<string, Cancels[]>();
  for (const { event, key, cancelOn } of routes)
    for (const cancelling of cancelOn) {
      const own = byEvent.get(cancelling) ?? [];
      own.push({ event, key });
      byEvent.set(cancelling, own);
    }
  return byEvent;
}
