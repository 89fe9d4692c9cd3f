/** Whether an event would, through the events that it brings about, bring itself about. */
import type { RouteBody } from '../contract.ts';

export interface Cycle {
  /** Which of the route's follow-ups leads back. */
  readonly index: number;
  /** From the event back to it. */
  readonly path: readonly string[];
}

/** Further ahead nobody looks, and no event is followed when it is accepted, either. */
export const MAX_FOLLOW_UP_DEPTH = 10;

/** @param bodiesOf drafts and published versions of events' routes: both count, so that no order of publishing closes a circle. */
export async function followUpCycle(
  event: string,
  body: Pick<RouteBody, 'followUps'>,
  bodiesOf: (
    events: readonly string[],
  ) => Promise<ReadonlyMap<string, readonly Pick<RouteBody, 'followUps'>[]>>,
): Promise<Cycle | undefined> {
  let open = body.followUps.map((followUp, index) => ({ index, path: [event, followUp.event] }));
  const seen = new Set<string>();
  for (let depth = 0; depth < MAX_FOLLOW_UP_DEPTH && open.length > 0; depth++) {
    const closed = open.find(({ path }) => path.at(-1) === event);
    if (closed) return closed;
    const fresh = open.filter(({ path }) => {
      const last = path.at(-1) ?? '';
      if (seen.has(last)) return false;
      seen.add(last);
      return true;
    });
    const bodies = await bodiesOf(fresh.map(({ path }) => path.at(-1) ?? ''));
    open = fresh.flatMap(({ index, path }) =>
      (bodies.get(path.at(-1) ?? '') ?? []).flatMap(({ followUps = [] }) =>
        followUps.map((next) => ({ index, path: [...path, next.event] })),
      ),
    );
  }
  return undefined;
}
