/** What changes do to the document of a head, as MongoDB's updates. Pure. */
import { scopedKey } from '../../../platform/names/ids.ts';
import type { Change, PublishStamp } from './change.ts';

export type Update = Readonly<Record<`$${string}`, Readonly<Record<string, unknown>>>>;

/** Ids of what a body uses: templates of a route, partials of a template. */
export type UsesOf<Body> = (body: Body) => readonly string[];

/** Who a draft belongs to, what it says, and when it was saved. */
export interface SavedDraft<Body> {
  readonly workspace: string;
  readonly id: string;
  readonly body: Body;
  readonly at: Date;
}

/** @param set, unset further members. */
export function draftUpdate<Body>(
  { workspace, id, body, at }: SavedDraft<Body>,
  usesOf: UsesOf<Body>,
  set: Readonly<Record<string, unknown>>,
  unset: Readonly<Record<string, unknown>>,
): Update {
  const uses = usesOf(body).map((used) => scopedKey(workspace, used));
  return {
    $set: { draft: body, updatedAt: at, ...set },
    $setOnInsert: { workspace, id, nextVersion: 1 },
    $unset: unset,
    $inc: { revision: 1 },
    ...(uses.length > 0 && { $addToSet: { uses: { $each: uses } } }),
  };
}

/** @param now of drafts; all else has the time of the stamp. */
export function changeUpdate<Body>(
  change: Change<Body>,
  usesOf: UsesOf<Body>,
  stamp: PublishStamp,
  now: Date,
): Update {
  const { workspace, id } = change;
  if (change.kind === 'draft') {
    const { packageKey } = change;
    return draftUpdate(
      { workspace, id, body: change.body, at: now },
      usesOf,
      packageKey === undefined ? {} : { packageKey },
      { removing: 1, withdrawn: 1 },
    );
  }
  if (change.kind === 'discard') {
    const gone = change.head.published === undefined;
    return {
      $set: { updatedAt: stamp.at, ...(gone && { withdrawn: true }) },
      $unset: { draft: 1, removing: 1, ...(gone && { packageKey: 1, uses: 1 }) },
      $inc: { revision: 1 },
    };
  }
  if (change.kind === 'markRemoval')
    return { $set: { removing: true, updatedAt: stamp.at }, $unset: { draft: 1 }, $inc: { revision: 1 } };
  if (change.kind === 'withdraw')
    return {
      $set: { withdrawn: true, updatedAt: stamp.at },
      $unset: {
        draft: 1,
        published: 1,
        publishedVersion: 1,
        publishedAt: 1,
        publishedBy: 1,
        publishedNote: 1,
        publishedRestores: 1,
        packageKey: 1,
        removing: 1,
        uses: 1,
      },
      $inc: { revision: 1 },
    };
  return publishUpdate(change, usesOf, stamp);
}

function publishUpdate<Body>(
  change: Extract<Change<Body>, { kind: 'publish' }>,
  usesOf: UsesOf<Body>,
  stamp: PublishStamp,
): Update {
  const { workspace, head, body, restores, keepsDraft, packageKey } = change;
  const bodies = keepsDraft && head.draft !== undefined ? [body, head.draft] : [body];
  const uses = [...new Set(bodies.flatMap((used) => usesOf(used)))];
  const optional = {
    publishedBy: stamp.by,
    publishedNote: stamp.note,
    publishedRestores: restores,
  };
  return {
    $set: {
      published: body,
      publishedVersion: head.nextVersion,
      publishedAt: stamp.at,
      updatedAt: stamp.at,
      uses: uses.map((used) => scopedKey(workspace, used)),
      ...(packageKey !== undefined && { packageKey }),
      ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    },
    $unset: {
      withdrawn: 1,
      ...(keepsDraft ? {} : { draft: 1, removing: 1 }),
      ...Object.fromEntries(
        Object.entries(optional).flatMap(([name, value]) => (value === undefined ? [[name, 1]] : [])),
      ),
    },
    $inc: { nextVersion: 1, revision: 1 },
  };
}
