/**
 * What the process that compiles does: all that the sources of one template can make slow. Each is loaded when it is first
 * asked for. What it takes and gives is copied between processes: plain data.
 */
import type { PartialInput, TemplateInput } from '../generated/types.ts';
import type { PackageFile } from '../packages/files/package-content.ts';
import type { PartialSet } from '../sources/partial-set.ts';
import type { UnderWay } from '../sources/under-way.ts';
import type { TemplateBody } from '../store/records.ts';
import type { Bounds } from '../versions/compile-version.ts';
import type { GatheredVersion } from '../versions/gather-version.ts';
import type { Wanted } from '../versions/put-into-words.ts';

export const TASKS = {
  async templateBody() {
    const { templateBody } = await import('../input/template-input.ts');
    return (at: UnderWay, input: TemplateInput, partials: PartialSet) => templateBody(input, partials, at);
  },
  async partialBody() {
    const { partialBody } = await import('../partials/partial-input.ts');
    return (at: UnderWay, input: PartialInput, partials: PartialSet) => partialBody(input, partials, at);
  },
  async packageInputs() {
    const { readFiles } = await import('../packages/files/read-files.ts');
    return (at: UnderWay, id: string, files: readonly PackageFile[]) => readFiles(id, files, at);
  },
  async partialsProblem() {
    const { partialsProblem } = await import('../sources/partial-set.ts');
    return (at: UnderWay, partials: PartialSet) => partialsProblem(partials, at);
  },
  async compileVersion() {
    const { compileVersion } = await import('../versions/compile-version.ts');
    return (at: UnderWay, gathered: GatheredVersion, bounds: Bounds) => compileVersion(gathered, bounds, at);
  },
  async lintBody() {
    const { lintBody } = await import('../versions/lint-body.ts');
    return (at: UnderWay, body: TemplateBody) => lintBody(body, at);
  },
  async putIntoWords() {
    const { putIntoWords } = await import('../versions/put-into-words.ts');
    return (at: UnderWay, body: TemplateBody, wanted: Wanted) => putIntoWords(body, wanted, at);
  },
} as const;

type Loaded = { readonly [Name in keyof typeof TASKS]: Awaited<ReturnType<(typeof TASKS)[Name]>> };

export type TaskName = keyof typeof TASKS;
type Rest<Work> = Work extends (at: UnderWay, ...args: infer Args) => unknown ? Args : never;
/** What a task takes. */
export type TaskArgs<Name extends TaskName> = Rest<Loaded[Name]>;
/** What a task gives. */
export type TaskResult<Name extends TaskName> = Awaited<ReturnType<Loaded[Name]>>;
