/**
 * Handlebars as templates get it: environments of their own with the helpers that a source uses, no access to
 * prototypes, and bounds on what one render may do.
 */
import Handlebars from 'handlebars';
import { HELPER_FUNCTIONS } from './helper-functions.ts';
import { MAX_OUTPUT_CHARS, type SourcePart } from './limits.ts';
import { KNOWN_HELPERS, parseSource } from './parsed-source.ts';
import { NO_PARTIALS, type PartialSet, reachPartials } from './partial-set.ts';
import { countPartial, type Reader, run, startRun } from './render-run.ts';
import { insertIntoHtml, insertIntoMarkdown, safeUrl } from './write-value.ts';

/** One source, ready to render. @throws Error when the variables make it fail or exceed its bounds. */
export type CompiledSource = (variables: Readonly<Record<string, unknown>>, reader?: Reader) => string;

/** Markdown with marks in the place of values. */
export interface RenderedMarkdown {
  readonly markdown: string;
  readonly values: readonly string[];
}
export type CompiledMarkdown = (
  variables: Readonly<Record<string, unknown>>,
  reader?: Reader,
) => RenderedMarkdown;

type Template = Handlebars.TemplateDelegate<Readonly<Record<string, unknown>>>;

const NOBODY: Reader = {};

/**
 * Compiles at the first render and never again. Only `html` is HTML-escaped (triple braces insert as is);
 * titles come out on one line (a line break would forge mail headers); URLs of schemes that run code are refused.
 * @param source has been checked by `sourceProblem`.
 * @param partials passed `partialsProblem`.
 */
export function compileSource(
  part: SourcePart,
  source: string,
  partials: PartialSet = NO_PARTIALS,
): CompiledSource {
  const finish = part === 'title' ? oneLine : part === 'url' || part === 'imageUrl' ? safeUrl : undefined;
  const most = MAX_OUTPUT_CHARS[part];
  // Text without an expression is what it makes.
  if (!source.includes('{{') && !source.includes('\\')) {
    const made = finish ? finish(source) : source;
    return () => {
      if (source.length > most) throw new Error(`it makes more than ${most} characters`);
      return made;
    };
  }
  let compiled: { readonly template: Template; readonly options: Handlebars.RuntimeOptions } | undefined;
  return (variables, reader = NOBODY) => {
    compiled ??= compile(part === 'html' ? insertIntoHtml : undefined, source, partials);
    startRun(part, reader);
    const text = compiled.template(variables, compiled.options);
    if (text.length > most) throw new Error(`it makes more than ${most} characters`);
    return finish ? finish(text) : text;
  };
}

/** A body in Markdown. What `{{…}}` inserts is never markup; what `{{{…}}}` inserts is. Else as `compileSource`. */
export function compileMarkdown(source: string, partials: PartialSet = NO_PARTIALS): CompiledMarkdown {
  let compiled: { readonly template: Template; readonly options: Handlebars.RuntimeOptions } | undefined;
  return (variables, reader = NOBODY) => {
    compiled ??= compile(insertIntoMarkdown, source, partials);
    startRun('body', reader, true);
    const markdown = compiled.template(variables, compiled.options);
    const values = run.values ?? [];
    const length = values.reduce((sum, value) => sum + value.length, markdown.length);
    if (length > MAX_OUTPUT_CHARS.body)
      throw new Error(`it makes more than ${MAX_OUTPUT_CHARS.body} characters`);
    return { markdown, values };
  };
}

const OWN_MEMBERS_ONLY = {
  allowProtoPropertiesByDefault: false,
  allowProtoMethodsByDefault: false,
  allowCallsToHelperMissing: false,
} as const;

function compile(
  insert: Insert | undefined,
  source: string,
  partials: PartialSet,
): { readonly template: Template; readonly options: Handlebars.RuntimeOptions } {
  const { program, helpers, partials: named } = parseSource(source);
  const reached = reachPartials(partials, named);
  const environment = environmentFor(new Set([...helpers, ...reached.helpers]));
  if (reached.parsed.size === 0)
    return { template: templateOf(environment, program, insert), options: OWN_MEMBERS_ONLY };
  const compiled: Record<string, Template> = {};
  for (const [name, parsed] of reached.parsed)
    compiled[name] = counted(templateOf(environment, parsed.program, insert));
  return {
    template: templateOf(environment, program, insert),
    options: { ...OWN_MEMBERS_ONLY, partials: compiled },
  };
}

const counted =
  (template: Template): Template =>
  (context, options) => {
    countPartial();
    return template(context, options);
  };

/** How a value of `{{…}}` gets into the text; undefined: as it is. */
type Insert = (value: unknown) => string;

type Environment = typeof Handlebars;

/** What of Handlebars' code generator is changed; its types do not tell of it. */
interface CodeGenerator {
  compiler: new () => CodeGenerator;
  appendToBuffer(source: unknown, location?: unknown, explicit?: boolean): unknown;
}
const { JavaScriptCompiler } = Handlebars as unknown as { JavaScriptCompiler: new () => CodeGenerator };

/** Whatever is appended is a text: Handlebars' own adds up the numbers of `{{a}}{{b}}` where nothing is escaped. */
class TextGenerator extends JavaScriptCompiler {
  override appendToBuffer(source: unknown, location?: unknown, explicit?: boolean): unknown {
    // A text of the source, or a call of what escapes.
    const isText = Array.isArray(source) || (typeof source === 'string' && /^["']/.test(source));
    return super.appendToBuffer(isText ? source : ["'' + ", source], location, explicit);
  }
}
TextGenerator.prototype.compiler = TextGenerator;

/** By the helpers' names: Handlebars wraps all that an environment has anew for each render. */
const environments = new Map<string, Environment>();
const MAX_ENVIRONMENTS = 500;

function environmentFor(helpers: ReadonlySet<string>): Environment {
  const names = [...helpers].sort();
  const key = names.join(' ');
  const found = environments.get(key);
  if (found) return found;
  const environment = Object.assign(Handlebars.create(), { JavaScriptCompiler: TextGenerator });
  // `log` would write what callers send to the process's console; the two of `…Missing` are Handlebars' own hooks.
  for (const name of Object.keys(environment.helpers))
    if (!name.endsWith('Missing')) environment.unregisterHelper(name);
  for (const name of names) {
    const helper = HELPER_FUNCTIONS[name];
    if (helper) environment.registerHelper(name, helper);
  }
  if (environments.size < MAX_ENVIRONMENTS) environments.set(key, environment);
  return environment;
}

/** What Handlebars' compiler makes: `main` writes the text with what is in its first parameter. */
interface Specification {
  main: (container: { escapeExpression: Insert }, ...rest: Rest) => string;
}
/** Context, helpers, partials, data, block parameters, depths. */
type Rest = readonly [unknown, unknown, unknown, unknown, unknown, unknown];

function templateOf(
  environment: Environment,
  program: hbs.AST.Program,
  insert: Insert | undefined,
): Template {
  const code: unknown = environment.precompile(program, {
    noEscape: !insert,
    knownHelpers: KNOWN_HELPERS,
    knownHelpersOnly: true,
    // Partials come out as they are written, wherever they are called.
    preventIndent: true,
  });
  // The code is Handlebars' own, made of a source that has been checked: names and texts are strings in it.
  const specification = new Function(`return ${String(code)}`)() as Specification;
  const { main } = specification;
  if (insert)
    specification.main = (container, context, helpers, partials, data, blocks, depths) => {
      container.escapeExpression = insert;
      return main(container, context, helpers, partials, data, blocks, depths);
    };
  return environment.template(specification);
}

const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
