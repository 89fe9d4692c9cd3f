/** The package in examples/order-package, and all that its templates make: for golden tests and for pictures. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import type { RouteInput, TemplateInput } from '../subgraphs/templates/generated/types.ts';
import { compileForPublish } from '../subgraphs/templates/sources/compile-for-publish.ts';
import { compileTemplate, type SourcedContent } from '../subgraphs/templates/sources/compile-template.ts';
import type { PartialSet } from '../subgraphs/templates/sources/partial-set.ts';
import { sampleData } from '../subgraphs/templates/sources/sample-data.ts';
import type { StoredContent } from '../subgraphs/templates/store/records.ts';

export const EXAMPLE_FOLDER = resolve(import.meta.dirname, '../examples/order-package');

export interface ExamplePackage {
  readonly settings: Readonly<Record<string, string>>;
  readonly partials: PartialSet;
  readonly templates: readonly TemplateInput[];
  readonly routes: readonly RouteInput[];
}

export function examplePackage(): ExamplePackage {
  const { settings } = yamlOf<{ settings: Readonly<Record<string, string>> }>('package.yaml');
  return {
    settings,
    partials: Object.fromEntries(
      filesOf('partials', '.hbs').map((name) => [name.slice(0, -'.hbs'.length), textOf(`partials/${name}`)]),
    ),
    templates: filesOf('templates', '.yaml').map((name) => templateOf(`templates/${name}`)),
    routes: filesOf('routes', '.yaml').map((name) => yamlOf<RouteInput>(`routes/${name}`)),
  };
}

const textOf = (path: string): string => readFileSync(join(EXAMPLE_FOLDER, path), 'utf8');
const yamlOf = <T>(path: string): T => parse(textOf(path)) as T;
const filesOf = (folder: string, suffix: string): string[] =>
  readdirSync(join(EXAMPLE_FOLDER, folder))
    .filter((name) => name.endsWith(suffix))
    .sort();

function templateOf(path: string): TemplateInput {
  const { contents, ...template } = yamlOf<
    Omit<TemplateInput, 'contents'> & { contents: (StoredContent & { readonly htmlFile?: string })[] }
  >(path);
  return {
    ...template,
    contents: contents.map(({ htmlFile, ...content }) => ({
      ...content,
      ...(htmlFile !== undefined && { html: textOf(htmlFile) }),
    })),
  };
}

export const READERS = {
  en: { name: 'Ann Berg', locale: 'en-GB', timezone: 'Europe/London' },
  zh: { name: '李雷', locale: 'zh-CN', timezone: 'Asia/Shanghai' },
  ar: { name: 'ليلى <حداد>', locale: 'ar-EG', timezone: 'Africa/Cairo' },
} as const;
export type ReaderLocale = keyof typeof READERS;

export interface ExamplePreview {
  readonly template: string;
  readonly locale: ReaderLocale;
  readonly contents: readonly SourcedContent[];
}

/** Each template for each reader, in all its channels, with the examples of its variables. */
export async function examplePreviews(from: ExamplePackage): Promise<ExamplePreview[]> {
  const previews: ExamplePreview[] = [];
  for (const template of from.templates) {
    const sources = template.contents as readonly StoredContent[];
    const { contents, problems } = await compileForPublish(sources, from.partials);
    if (problems.length > 0) throw new Error(`${template.id}: ${JSON.stringify(problems)}`);
    const compiled = compileTemplate(
      template.id,
      1,
      {
        name: template.name,
        channels: [...new Set(contents.map(({ channel }) => channel))],
        variables: JSON.stringify(template.variables),
        contents,
      },
      from.partials,
    );
    const data = sampleData(template.variables);
    const wrong = compiled.dataProblem(data);
    if (wrong) throw new Error(`${template.id}: ${wrong.path}: ${wrong.message}`);
    for (const locale of Object.keys(READERS) as ReaderLocale[])
      previews.push({
        template: template.id,
        locale,
        contents: compiled.channels.map((channel) =>
          compiled.renderSourced(channel, READERS[locale].locale, {
            ...data,
            data,
            package: from.settings,
            user: READERS[locale],
            notification: {},
          }),
        ),
      });
  }
  return previews;
}
