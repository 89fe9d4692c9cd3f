/** Rules of publishing that templates, routes and partials share. */
import { badInput, conflict, type HeraldError, notFound } from '../../../platform/errors/herald-error.ts';
import { textProblem } from '../../../platform/names/text-problem.ts';
import type { PublishStamp } from '../store/change.ts';
import { packageOf } from '../store/package-of.ts';
import type { HeadRecord } from '../store/records.ts';

/** Who publishes, and why. */
export interface Publisher {
  readonly by?: string;
  readonly note?: string;
}

const MAX_NOTE_CHARS = 1_000;

/** @throws HeraldError BAD_USER_INPUT (`note`). */
export function publishStamp({ by, note }: Publisher): PublishStamp {
  const text = note?.trim() ?? '';
  if (text.length > MAX_NOTE_CHARS)
    throw badInput('note', `A note has at most ${MAX_NOTE_CHARS} characters.`);
  const problem = textProblem(text);
  if (problem !== undefined) throw badInput('note', problem);
  return { at: new Date(), ...(by !== undefined && { by }), ...(text !== '' && { note: text }) };
}

/** What something is called in errors: `Template "order"`, and the argument that names it. */
export interface Named {
  readonly what: string;
  readonly field: string;
  /** In NOT_FOUND, where it is not `what` in lower case. */
  readonly absent?: string;
}

const absent = ({ what, absent: words }: Named, id: string): HeraldError =>
  notFound(words ?? what.toLowerCase(), id);

/** @throws HeraldError NOT_FOUND. */
export function thatIs<Body>(named: Named, id: string, head: HeadRecord<Body> | undefined): HeadRecord<Body> {
  if (!head || head.withdrawn) throw absent(named, id);
  return head;
}

/** @throws HeraldError CONFLICT for what is published with its package. */
export function thatIsAlone<Body>(named: Named, head: HeadRecord<Body>): HeadRecord<Body> {
  const owner = packageOf(head);
  if (owner === undefined) return head;
  throw conflict(
    `${named.what} "${head.id}" belongs to the package "${owner}": publish its package, or roll it back.`,
    named.field,
  );
}

/** @throws HeraldError BAD_USER_INPUT when there is no draft. */
export function thatHasDraft<Body>(named: Named, head: HeadRecord<Body>): Body {
  if (head.draft !== undefined) return head.draft;
  throw badInput(
    named.field,
    `${named.what} "${head.id}" has no draft to publish; version ${head.publishedVersion} is published already. Save a draft first.`,
  );
}

/**
 * An earlier version, to be published again by itself.
 * @throws HeraldError NOT_FOUND; CONFLICT when it belongs to a package; BAD_USER_INPUT (`version`).
 */
export async function versionToRestore<Body>(
  named: Named,
  store: {
    head(workspace: string, id: string): Promise<HeadRecord<Body> | undefined>;
    version(workspace: string, id: string, version: number): Promise<Body | undefined>;
  },
  workspace: string,
  id: string,
  version: number,
): Promise<{ readonly head: HeadRecord<Body>; readonly body: Body; readonly restores: number }> {
  const head = await store.head(workspace, id);
  const found = thatWasPublished(named, id, version, head, await store.version(workspace, id, version));
  return { ...found, head: thatIsAlone(named, found.head), restores: version };
}

/** @throws HeraldError NOT_FOUND for what was never published, BAD_USER_INPUT for the published version itself. */
export function thatWasPublished<Body>(
  named: Named,
  id: string,
  version: number,
  head: HeadRecord<Body> | undefined,
  body: Body | undefined,
): { readonly head: HeadRecord<Body>; readonly body: Body } {
  if (!head) throw absent(named, id);
  if (head.publishedVersion === version)
    throw badInput('version', `Version ${version} is the one that is published.`);
  if (body === undefined) throw absent(named, `${id}, version ${version}`);
  return { head, body };
}
