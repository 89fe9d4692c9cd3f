/** The package in examples/order-package, and all that its templates make: for golden tests and for pictures. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import type { RouteInput, TemplateInput } from '../subgraphs/templates/generated/types.ts';
import { readFiles } from '../subgraphs/templates/packages/files/read-files.ts';
import { compileForPublish } from '../subgraphs/templates/sources/compile-for-publish.ts';
import { compileTemplate, type SourcedContent } from '../subgraphs/templates/sources/compile-template.ts';
import type { PartialSet } from '../subgraphs/templates/sources/partial-set.ts';
import { sampleData } from '../subgraphs/templates/sources/sample-data.ts';
import type { StoredContent } from '../subgraphs/templates/store/records.ts';

export const EXAMPLE_FOLDER = resolve(import.meta.dirname, '../examples/order-package');

export const EXAMPLE_PACKAGE = 'orders';

export interface ExamplePackage {
  readonly settings: unknown;
  readonly partials: PartialSet;
  readonly templates: readonly TemplateInput[];
  readonly routes: readonly RouteInput[];
}

/** As it goes to `importPackage`. */
export const exampleFiles = (): { readonly path: string; readonly content: string }[] =>
  readdirSync(EXAMPLE_FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return {
        path: relative(EXAMPLE_FOLDER, file).split(sep).join('/'),
        content: readFileSync(file, 'utf8'),
      };
    });

export async function examplePackage(): Promise<ExamplePackage> {
  const read = await readFiles(EXAMPLE_PACKAGE, exampleFiles());
  const inputsOf = <Input>(all: readonly { readonly input: Input }[]): Input[] =>
    all.map(({ input }) => input);
  return {
    settings: read.package.input.settings,
    partials: Object.fromEntries(inputsOf(read.partials).map(({ id, source }) => [id, source])),
    templates: inputsOf(read.templates),
    routes: inputsOf(read.routes),
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

/** As they are stored: without nulls and what is so by default. */
export const storedContents = ({ contents }: TemplateInput): StoredContent[] =>
  contents.map(({ channel, locale, title, body, html, url, imageUrl, actions, ...how }) => ({
    channel,
    body,
    ...(locale != null && { locale }),
    ...(title != null && { title }),
    ...(html != null && { html }),
    ...(url != null && { url }),
    ...(imageUrl != null && { imageUrl }),
    ...(actions && { actions }),
    ...(how.format === 'MARKDOWN' && { format: how.format }),
    ...(how.oversize === 'TRUNCATE' && { oversize: how.oversize }),
    ...(how.maxSegments != null && { maxSegments: how.maxSegments }),
  }));

/** Each template for each reader, in all its channels, with the examples of its variables. */
export async function examplePreviews(from: ExamplePackage): Promise<ExamplePreview[]> {
  const previews: ExamplePreview[] = [];
  for (const template of from.templates) {
    const sources = storedContents(template);
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
