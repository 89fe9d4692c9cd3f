/** Lists of dead letters, newest first. */

import { merged, type Scanned, type Stretch, scanNewest, stretchOf } from '../read/scan-newest.ts';
import type { NotificationModels } from '../store/models.ts';
import { type DeadLetterFilter, listOf, restOf } from './dead-letter-filter.ts';
import { DEAD_LETTER_STATES, type DeadLetterRecord } from './dead-letter-record.ts';
import { keyRange, positionOf } from './list-keys.ts';

/** Counting stops here, so that its cost does not grow with the collection. */
export const COUNT_LIMIT = 10_000;

interface Page {
  readonly size: number;
  /** A position (`positionOf`). */
  readonly after?: string | undefined;
  /** Dead letters to look at, where a filter sifts them. */
  readonly scanLimit?: number;
}

/** Up to `size` dead letters, and where the next page begins. */
export function readDeadLetters(
  models: Pick<NotificationModels, 'raw'>,
  workspace: string,
  filter: DeadLetterFilter,
  { size, after, scanLimit }: Page,
): Promise<Scanned<DeadLetterRecord>> {
  const matches = restOf(workspace, filter);
  return scanNewest({
    read: (position, limit) => readList(models, workspace, filter, position, limit),
    positionOf,
    size,
    after,
    ...(matches && { matches }),
    ...(scanLimit !== undefined && { scanLimit }),
  });
}

/** Exact up to `COUNT_LIMIT`; with a filter that no list serves whole, of the newest `COUNT_LIMIT` of its list. */
export async function deadLetterCount(
  models: Pick<NotificationModels, 'raw'>,
  workspace: string,
  filter: DeadLetterFilter,
): Promise<number> {
  if (restOf(workspace, filter) !== undefined) {
    const page = { size: COUNT_LIMIT, scanLimit: COUNT_LIMIT };
    return (await readDeadLetters(models, workspace, filter, page)).found.length;
  }
  const list = listOf(workspace, filter);
  const counts = await Promise.all(
    (filter.state ?? DEAD_LETTER_STATES).map((state) =>
      models.raw.deadLetters.countDocuments(
        { [list.field]: keyRange(list, state, filter) },
        { limit: COUNT_LIMIT },
      ),
    ),
  );
  return Math.min(
    counts.reduce((sum, count) => sum + count, 0),
    COUNT_LIMIT,
  );
}

/** The list is kept by state: what is newest over several states is among the newest of each. */
async function readList(
  models: Pick<NotificationModels, 'raw'>,
  workspace: string,
  filter: DeadLetterFilter,
  after: string | undefined,
  limit: number,
): Promise<Stretch<DeadLetterRecord>> {
  const list = listOf(workspace, filter);
  const bounds = { ...filter, ...(after !== undefined && { after }) };
  const states = [...new Set(filter.state ?? DEAD_LETTER_STATES)];
  const stretches = await Promise.all(
    states.map(async (state) => {
      const items: DeadLetterRecord[] = await models.raw.deadLetters
        .find({ [list.field]: keyRange(list, state, bounds) })
        .sort({ [list.field]: -1 })
        .limit(limit)
        .toArray();
      return stretchOf(items, limit);
    }),
  );
  return merged(stretches, positionOf);
}
