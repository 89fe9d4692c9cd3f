/** A package as files for people and git: one order, one way to write, so that a small change is a small difference. */
import { stringify } from 'yaml';
import { fileName } from '../../../../platform/names/file-name.ts';
import type { RouteBody } from '../../contract.ts';
import type { StoredContent, TemplateBody } from '../../store/records.ts';
import { type PackageContent, type PackageFile, savedRoute } from './package-content.ts';

/** Of these files; another one is refused. */
export const FORMAT = 1;
/** Texts longer than this have files of their own. */
const MAX_INLINE_CHARS = 400;

/** By path. Other requests get their turn between two members. */
export async function packageFiles(content: PackageContent): Promise<PackageFile[]> {
  const files: PackageFile[] = [{ path: 'package.yaml', content: packageYaml(content) }];
  for (const [id, body] of content.templates) {
    await new Promise((resolve) => setImmediate(resolve));
    files.push(...templateFiles(id, body));
  }
  for (const [event, body] of content.routes) {
    await new Promise((resolve) => setImmediate(resolve));
    files.push({ path: `routes/${fileName(event)}.yaml`, content: yaml('route', routeMembers(event, body)) });
  }
  for (const [id, { source }] of content.partials)
    files.push({ path: `partials/${id}.hbs`, content: source });
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function packageYaml({ id, body, partials }: PackageContent): string {
  // A partial's file is its source alone: its name is here, where it has another than its id.
  const names = [...partials].filter(([partial, { name }]) => name !== partial);
  return yaml('package', {
    format: FORMAT,
    id,
    name: body.name,
    description: body.description,
    settings: inOrder(JSON.parse(body.settings)),
    partials:
      names.length === 0
        ? undefined
        : inOrder(Object.fromEntries(names.map(([key, { name }]) => [key, name]))),
  });
}

function templateFiles(id: string, body: TemplateBody): PackageFile[] {
  const folder = `templates/${fileName(id)}`;
  const beside: PackageFile[] = [];
  const contents = body.contents.map((content) => contentMembers(folder, content, beside));
  const members = {
    id,
    name: body.name,
    category: body.category,
    variables: body.variables === undefined ? undefined : (JSON.parse(body.variables) as unknown),
    sample: body.sample === undefined ? undefined : (JSON.parse(body.sample) as unknown),
    contents,
  };
  return [{ path: `${folder}.yaml`, content: yaml('template', members) }, ...beside];
}

function contentMembers(folder: string, content: StoredContent, beside: PackageFile[]) {
  const { channel, locale, title, body, html, url, imageUrl, actions } = content;
  const { format, oversize, maxSegments } = content;
  const at = `${folder}/${locale === undefined ? channel : `${channel}.${locale}`}`;
  const inFile = (path: string, text: string): string => {
    beside.push({ path, content: text });
    return path;
  };
  const isLong = body.length > MAX_INLINE_CHARS;
  return {
    channel,
    locale,
    title,
    format,
    ...(isLong ? { bodyFile: inFile(`${at}.${format === 'MARKDOWN' ? 'md' : 'txt'}`, body) } : { body }),
    ...(html !== undefined && {
      htmlFile: inFile(`${at}.${/^\s*<mjml\b/i.test(html) ? 'mjml' : 'html'}`, html),
    }),
    url,
    imageUrl,
    actions: actions?.map(({ title: label, url: target }) => ({ title: label, url: target })),
    oversize,
    maxSegments,
  };
}

function routeMembers(event: string, body: RouteBody): Record<string, unknown> {
  const { actions, ...rest } = savedRoute(body);
  const empty = (value: unknown) => value === undefined || (Array.isArray(value) && value.length === 0);
  return {
    event,
    ...Object.fromEntries(
      Object.entries(rest)
        .filter(([, value]) => !empty(value))
        .toSorted(byName),
    ),
    actions: actions.map(({ name, template, ...more }) => ({
      name,
      template,
      ...Object.fromEntries(
        Object.entries(more)
          .filter(([, value]) => !empty(value))
          .toSorted(byName),
      ),
    })),
  };
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/** A JSON value with its members by name. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(byName)
      .map(([name, member]) => [name, inOrder(member)]),
  );
}

const yaml = (kind: string, members: Record<string, unknown>): string =>
  `# A ${kind} of Herald, format ${FORMAT}: docs/packages.md.\n${stringify(
    Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)),
    { lineWidth: 0, aliasDuplicateObjects: false, keepUndefined: false },
  )}`;
