/** What a head says of its published version. Pure. */
import type { HeadRecord, VersionRecord, VersionStamp } from './records.ts';

/** What a draft's or a published version's content is, and its number. */
export interface Versioned<Body> {
  readonly version: number;
  readonly body: Body;
}

/** The published version moves to the versions as another takes its place: readers find it in one or the other. */
export function keptVersion<Body>(head: HeadRecord<Body>): VersionRecord<Body>[] {
  const stamp = stampOf(head);
  if (!stamp || head.published === undefined) return [];
  return [
    {
      _id: `${head._id}:${stamp.version}`,
      workspace: head.workspace,
      id: head.id,
      body: head.published,
      ...stamp,
    },
  ];
}

export function stampOf(head: HeadRecord<unknown>): VersionStamp | undefined {
  if (head.publishedVersion === undefined) return undefined;
  return {
    version: head.publishedVersion,
    publishedAt: head.publishedAt ?? head.updatedAt,
    ...(head.publishedBy !== undefined && { publishedBy: head.publishedBy }),
    ...(head.publishedNote !== undefined && { note: head.publishedNote }),
    ...(head.publishedRestores !== undefined && { restores: head.publishedRestores }),
  };
}

export const publishedOf = <Body>(head: HeadRecord<Body> | undefined): Versioned<Body> | undefined =>
  head?.published === undefined || head.publishedVersion === undefined
    ? undefined
    : { version: head.publishedVersion, body: head.published };
