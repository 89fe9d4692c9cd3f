/** From a draft to a version with all that it uses. */

import { type FindPartials, reachSources } from '../partials/reach-sources.ts';
import type { StoredContent, TemplateBody } from '../store/records.ts';

/** What is wrong with a template, at a place in it: `contents.2.html`, `partials.footer`. */
export interface VersionProblem {
  readonly field: string;
  readonly message: string;
}

/** A version before it is compiled: enough to tell whether it says anything new. */
export interface GatheredVersion {
  readonly body: TemplateBody;
  readonly problems: readonly VersionProblem[];
}

/**
 * Puts what a template uses beside its contents.
 * @param settings of its package, serialised: kept where a source asks for them.
 */
export async function gatherVersion(
  draft: TemplateBody,
  find: FindPartials,
  settings: string | undefined,
): Promise<GatheredVersion> {
  const { compiled: _compiled, partials: _partials, settings: _settings, ...rest } = draft;
  const { partials, missing } = await reachSources(draft.calls ?? [], find);
  const names = Object.keys(partials).toSorted();
  const sources = [...draft.contents.flatMap(textsOf), ...Object.values(partials)];
  const asks = settings !== undefined && sources.some((source) => source.includes('package'));
  return {
    body: {
      ...rest,
      ...(names.length > 0 && {
        partials: Object.fromEntries(names.map((name) => [name, partials[name] ?? ''])),
      }),
      ...(asks && { settings }),
    },
    problems: missing.map((name) => ({
      field: `partials.${name}`,
      message: `The partial "${name}" is not there, is not published, or belongs to another package.`,
    })),
  };
}

const textsOf = ({ title, body, html, url, imageUrl, actions = [] }: StoredContent): string[] =>
  [title, body, html, url, imageUrl, ...actions.flatMap((action) => [action.title, action.url])].filter(
    (text) => text !== undefined,
  );

/** Whether a published version is rendered from the same as what was gathered. */
export const saysTheSame = (published: TemplateBody, gathered: TemplateBody): boolean =>
  sourceKey(published) === sourceKey(gathered);

function sourceKey({
  name,
  category,
  channels,
  variables,
  sample,
  contents,
  partials,
  settings,
}: TemplateBody): string {
  const own = contents.map((c) => [
    c.channel,
    c.locale,
    c.title,
    c.body,
    c.html,
    c.url,
    c.imageUrl,
    c.actions,
    c.format,
    c.oversize,
    c.maxSegments,
  ]);
  const used = Object.entries(partials ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([name, category, channels, variables, sample, own, used, settings]);
}
