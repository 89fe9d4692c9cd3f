/** A package as it is written to files: what was saved, without what publishing adds. */
import type { RouteBody } from '../../contract.ts';
import type { PackageSummary, PartialBody, TemplateBody } from '../../store/records.ts';

/** Members by id. */
export interface PackageContent {
  readonly id: string;
  readonly body: PackageSummary;
  readonly templates: ReadonlyMap<string, TemplateBody>;
  readonly routes: ReadonlyMap<string, RouteBody>;
  readonly partials: ReadonlyMap<string, PartialBody>;
}

export interface PackageFile {
  /** From the package's folder: `templates/welcome.yaml`. */
  readonly path: string;
  readonly content: string;
}

/** What was saved of a template that may have been published. Pure. */
export function savedTemplate(body: TemplateBody): TemplateBody {
  const { compiled: _compiled, partials: _partials, settings: _settings, ...saved } = body;
  return saved;
}

/** What was saved of a route that may have been published. Pure. */
export const savedRoute = (body: RouteBody): RouteBody => ({
  ...body,
  actions: body.actions.map(({ templateVersion: _version, ...action }) => action),
});

/** What was saved of a package that may have been published. Pure. */
export const savedPackage = ({ name, description, settings }: PackageSummary): PackageSummary => ({
  name,
  ...(description !== undefined && { description }),
  settings,
});
