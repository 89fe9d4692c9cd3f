/** Who uses a partial that is for all, and would be without it once it belongs to a package. */
import type { HeadRecord } from '../store/records.ts';
import type { Stores } from '../store/stores.ts';

type User = Pick<
  HeadRecord<{ readonly calls?: readonly string[] }>,
  'id' | 'packageKey' | 'draft' | 'published'
>;

/**
 * @param packageKey that it is to belong to.
 * @param along what comes into the package together with it.
 * @returns `template "welcome"`: one that uses it, by its draft or its published version, and stays outside.
 */
export async function leftBehind(
  { templates, partials }: Pick<Stores, 'templates' | 'partials'>,
  workspace: string,
  id: string,
  packageKey: string,
  along: { readonly templates: Names; readonly partials: Names } = ALONE,
): Promise<string | undefined> {
  const stays = (user: User, comes: Names) =>
    user.packageKey !== packageKey &&
    !comes.has(user.id) &&
    [user.draft, user.published].some((body) => body?.calls?.includes(id));
  const template = (await templates.usersOf(workspace, id)).find((user) => stays(user, along.templates));
  if (template) return `template "${template.id}"`;
  const partial = (await partials.usersOf(workspace, id)).find((user) => stays(user, along.partials));
  return partial && `partial "${partial.id}"`;
}

type Names = Pick<ReadonlySet<string>, 'has'>;
const ALONE = { templates: new Set<string>(), partials: new Set<string>() };
