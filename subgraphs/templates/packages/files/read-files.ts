/** From files back to what the graph takes. Every mistake is told with its file and its place in it. */
import { readFileSync } from 'node:fs';
import { buildASTSchema, coerceInputValue, type GraphQLSchema, isInputType, parse } from 'graphql';
import { parseDocument } from 'yaml';
import { badInput, HeraldError } from '../../../../platform/errors/herald-error.ts';
import { fileName } from '../../../../platform/names/file-name.ts';
import type { PackageInput, PartialInput, RouteInput, TemplateInput } from '../../generated/types.ts';
import { type UnderWay, untold } from '../../sources/under-way.ts';
import type { PackageFile } from './package-content.ts';
import { FORMAT } from './write-files.ts';

/** Inputs with where each is from, so that what is found out later can be told there, too. */
export interface FromFile<Input> {
  readonly file: PlacedFile;
  readonly input: Input;
}
export interface PackageInputs {
  readonly package: FromFile<PackageInput>;
  readonly templates: readonly FromFile<TemplateInput>[];
  readonly routes: readonly FromFile<RouteInput>[];
  readonly partials: readonly FromFile<PartialInput>[];
}
export interface PlacedFile extends PackageFile {
  /** In the input's list. */
  readonly index: number;
}

const MAX_FILES = 20_000;
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * @param id of the package, which the files must name, too.
 * @throws HeraldError BAD_USER_INPUT (`input.files.3`): `templates/welcome.yaml: contents.0.chanel: …`.
 */
export function readFiles(id: string, files: readonly PackageFile[], at: UnderWay = untold): PackageInputs {
  if (files.length > MAX_FILES) throw badInput('input.files', `At most ${MAX_FILES} files are allowed.`);
  const bytes = files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  if (bytes > MAX_BYTES)
    throw badInput('input.files', `All files together have more than ${MAX_BYTES} bytes.`);
  const byPath = new Map<string, PlacedFile>();
  for (const [index, file] of files.entries()) {
    const placed = { ...file, index };
    if (byPath.has(file.path)) throw wrong(placed, 'this file is given twice');
    byPath.set(file.path, placed);
  }
  return new Reader(id, byPath, at).read();
}

/** @throws HeraldError BAD_USER_INPUT at the file, for what `work` finds wrong with its input. */
export async function atFile<Result>(
  file: PlacedFile,
  work: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof HeraldError) || error.code !== 'BAD_USER_INPUT') throw error;
    const place = error.field?.replace(/^input\./, '');
    throw wrong(file, place === undefined ? error.message : `${place}: ${error.message}`);
  }
}

const wrong = ({ path, index }: PlacedFile, message: string): HeraldError =>
  badInput(`input.files.${index}`, `${path}: ${message}`);

class Reader {
  readonly #id: string;
  readonly #files: ReadonlyMap<string, PlacedFile>;
  /** Files that were read, or that a read one names. */
  readonly #used = new Set<string>();
  readonly #at: UnderWay;

  constructor(id: string, files: ReadonlyMap<string, PlacedFile>, at: UnderWay) {
    this.#id = id;
    this.#files = files;
    this.#at = at;
  }

  read(): PackageInputs {
    const file = this.#files.get('package.yaml');
    if (!file) throw badInput('input.files', 'There is no package.yaml, which every package has.');
    const { format, partials: names, ...own } = this.#members(file);
    if (format !== FORMAT)
      throw wrong(
        file,
        `format: must be ${FORMAT}, the format that this Herald reads; it is ${JSON.stringify(format)}`,
      );
    const input = this.#input<PackageInput>(file, 'PackageInput', own);
    if (input.id !== this.#id)
      throw wrong(file, `id: must be "${this.#id}", as the package; it is "${input.id}"`);
    const templates = this.#matching(/^templates\/[^/]+\.yaml$/).map((one) => this.#template(one));
    const routes = this.#matching(/^routes\/[^/]+\.yaml$/).map((one) => this.#route(one));
    const partials = this.#matching(/^partials\/[^/]+\.hbs$/).map((one) =>
      partialOf(one, nameOf(file, names, one)),
    );
    for (const [path, unused] of this.#files)
      if (!this.#used.has(path)) throw wrong(unused, 'no other file names it: remove it');
    return { package: { file, input }, templates, routes, partials };
  }

  /** Files of a folder, by path, that are read for themselves. */
  #matching(pattern: RegExp): PlacedFile[] {
    return [...this.#files.values()]
      .filter(({ path }) => pattern.test(path))
      .toSorted((a, b) => (a.path < b.path ? -1 : 1))
      .map((file) => {
        this.#used.add(file.path);
        return file;
      });
  }

  #template(file: PlacedFile): FromFile<TemplateInput> {
    const members = this.#members(file);
    const contents = Array.isArray(members.contents)
      ? members.contents.map((content: unknown, index) => this.#content(file, content, `contents.${index}`))
      : members.contents;
    const input = this.#input<TemplateInput>(file, 'TemplateInput', { ...members, contents });
    return this.#named(file, input.id, 'id', input);
  }

  #route(file: PlacedFile): FromFile<RouteInput> {
    const input = this.#input<RouteInput>(file, 'RouteInput', this.#members(file));
    return this.#named(file, input.event, 'event', input);
  }

  #named<Input>(file: PlacedFile, id: string, member: string, input: Input): FromFile<Input> {
    const folder = file.path.slice(0, file.path.indexOf('/'));
    const expected = `${folder}/${fileName(id)}.yaml`;
    if (file.path !== expected) throw wrong(file, `${member}: "${id}" belongs into the file ${expected}`);
    return { file, input };
  }

  /** With the texts that have files of their own. */
  #content(file: PlacedFile, content: unknown, at: string): unknown {
    if (typeof content !== 'object' || content === null || Array.isArray(content)) return content;
    const whole: Record<string, unknown> = { ...content };
    for (const part of ['body', 'html']) {
      const member = `${part}File`;
      const path = whole[member];
      if (path === undefined) continue;
      delete whole[member];
      if (whole[part] !== undefined) throw wrong(file, `${at}.${member}: leave this or ${part} out`);
      const text = typeof path === 'string' ? this.#files.get(path) : undefined;
      if (!text)
        throw wrong(
          file,
          `${at}.${member}: there is no file ${JSON.stringify(path)} with a name of a text, for example "${exampleOf(file, part)}"`,
        );
      this.#used.add(text.path);
      whole[part] = text.content;
    }
    return whole;
  }

  #members(file: PlacedFile): Record<string, unknown> {
    this.#used.add(file.path);
    this.#at(`input.files.${file.index}`);
    const document = parseDocument(file.content, {
      uniqueKeys: true,
      prettyErrors: true,
      // What is wrong is told to the caller.
      logLevel: 'error',
      // `!!set` and `!!binary` are nothing that JSON has.
      resolveKnownTags: false,
    });
    const [error] = [...document.errors, ...document.warnings];
    if (error?.code === 'MULTIPLE_DOCS') throw wrong(file, 'this is more than one document');
    if (error) throw wrong(file, (error.message.split('\n')[0] ?? 'this is not YAML').replace(/:$/, ''));
    let members: unknown;
    try {
      members = document.toJS({ maxAliasCount: 100 });
    } catch (cause) {
      throw wrong(file, cause instanceof Error ? cause.message : 'this is not YAML');
    }
    if (typeof members !== 'object' || members === null || Array.isArray(members))
      throw wrong(file, 'this is not an object: it has members like "name: Welcome"');
    if ('package' in members) throw wrong(file, 'package: the folder says it: leave it out');
    return members as Record<string, unknown>;
  }

  /** As the graph would take it: unknown members, missing ones and wrong types are refused. */
  #input<Input>(file: PlacedFile, type: string, value: unknown): Input {
    const problems: string[] = [];
    const input = schema().getType(type);
    if (!isInputType(input)) throw new Error(`the schema has no input "${type}"`);
    const coerced: unknown = coerceInputValue(value, input, (path, _invalid, error) =>
      problems.push(`${path.length > 0 ? `${path.join('.')}: ` : ''}${error.message}`),
    );
    // A wrong name is also why the right one is missing.
    const problem = problems.find((one) => one.includes('is not defined')) ?? problems[0];
    if (problem !== undefined) throw wrong(file, problem);
    return coerced as Input;
  }
}

function nameOf(file: PlacedFile, names: unknown, partial: PlacedFile): string | undefined {
  if (names === undefined) return undefined;
  if (typeof names !== 'object' || names === null || Array.isArray(names))
    throw wrong(file, 'partials: these are names by id');
  const name: unknown = Object.entries(names).find(([id]) => id === idOf(partial))?.[1];
  if (name !== undefined && typeof name !== 'string')
    throw wrong(file, `partials.${idOf(partial)}: must be a text`);
  return name;
}

const exampleOf = ({ path }: PlacedFile, part: string): string =>
  `${path.replace(/\.yaml$/, '')}/EMAIL.de.${part === 'html' ? 'html' : 'txt'}`;

const idOf = ({ path }: PlacedFile): string => path.replace(/^partials\//, '').replace(/\.hbs$/, '');

const partialOf = (file: PlacedFile, name: string | undefined): FromFile<PartialInput> => ({
  file,
  input: { id: idOf(file), source: file.content, ...(name !== undefined && { name }) },
});

let built: GraphQLSchema | undefined;
/** The subgraph's inputs. Its directives are the composition's and mean nothing here. */
function schema(): GraphQLSchema {
  built ??= buildASTSchema(parse(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8')), {
    assumeValidSDL: true,
  });
  return built;
}
