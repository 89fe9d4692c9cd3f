/** Bodies that an account's Handlebars template makes: for systems that do not read what Herald sends by itself. */
import type Handlebars from 'handlebars';

/** Characters of a template, of what it makes, and iterations of all its loops. */
export const TEMPLATE_CHARS = 65_536;
export const MAX_OUTPUT_CHARS = 262_144;
export const MAX_LOOP_ITERATIONS = 10_000;

/**
 * What `{{…}}` inserts is escaped for the content type; `{{{…}}}` is inserted as is.
 * @throws Error when the message makes it fail or exceed its bounds, or when what it makes is no JSON but should be.
 */
export type RenderBody = (variables: Readonly<Record<string, unknown>>, contentType: string) => string;

type Escape = (text: string) => string;

/** Built-in helpers that a template may use, besides `json`. */
const BUILT_IN = ['if', 'unless', 'each', 'with', 'lookup'];

/** @throws Error for what is no template, with a sentence that says why. */
export async function compileBodyTemplate(source: string): Promise<RenderBody> {
  const { default: handlebars } = await import('handlebars');
  const environment = handlebars.create();
  // It would write what callers send to the process's console.
  environment.unregisterHelper('log');

  /** Rendering is synchronous: these are of the render under way. */
  let escapeText: Escape = asIs;
  let isJson = false;
  let inserted = 0;
  let iterations = 0;
  const count = (text: string): string => {
    inserted += text.length;
    if (inserted > MAX_OUTPUT_CHARS) throw new Error('it makes too much text');
    return text;
  };
  const helpers: Readonly<Record<string, (value: unknown) => string>> = {
    json: (value) => JSON.stringify(value ?? null),
    insertEscaped: (value) => count(escapeText(textOf(value))),
    insertRaw: (value) => count(textOf(value)),
    insertJson: (value) => count(isJson ? textOf(value) : escapeText(textOf(value))),
  };
  for (const [name, helper] of Object.entries(helpers)) environment.registerHelper(name, helper);
  const each = environment.helpers.each as Handlebars.HelperDelegate;
  environment.unregisterHelper('each');
  environment.registerHelper(
    'each',
    function bounded(this: unknown, items: unknown, options: Handlebars.HelperOptions) {
      let made = 0;
      const fn: Handlebars.TemplateDelegate = (context: unknown, runtime) => {
        if (++iterations > MAX_LOOP_ITERATIONS)
          throw new Error(`its loops run more than ${MAX_LOOP_ITERATIONS} times`);
        const text = options.fn(context, runtime);
        made += text.length;
        if (made > MAX_OUTPUT_CHARS) throw new Error('it makes too much text');
        return text;
      };
      return each.call(this, items, { ...options, fn });
    },
  );

  const program = guarded(environment.parse(source));
  const options = {
    noEscape: true,
    knownHelpers: Object.fromEntries([
      ...[...BUILT_IN, ...Object.keys(helpers)].map((name) => [name, true]),
      // Names like any other.
      ...['log', 'helperMissing', 'blockHelperMissing'].map((name) => [name, false]),
    ]) as KnownHelpers,
    knownHelpersOnly: true,
  };
  // `compile` would look at the template only at its first render.
  environment.precompile(program, options);
  const template: Handlebars.TemplateDelegate<Readonly<Record<string, unknown>>> = environment.compile(
    program,
    options,
  );

  return (variables, contentType) => {
    escapeText = escapeFor(contentType);
    isJson = escapeText === escapeJson;
    inserted = 0;
    iterations = 0;
    const text = template(variables, {
      allowProtoPropertiesByDefault: false,
      allowProtoMethodsByDefault: false,
      allowCallsToHelperMissing: false,
    });
    if (text.length > MAX_OUTPUT_CHARS) throw new Error('it makes too much text');
    if (isJson && !isJsonText(text)) throw new Error('what it makes is no JSON');
    return text;
  };
}

/** The template with every insertion going through a helper that escapes and counts. */
function guarded(program: hbs.AST.Program): hbs.AST.Program {
  return { ...program, body: program.body.map(guardedStatement) };
}

function guardedStatement(statement: hbs.AST.Statement): hbs.AST.Statement {
  switch (statement.type) {
    case 'ContentStatement':
    case 'CommentStatement':
      return statement;
    case 'MustacheStatement':
      return insertion(statement as hbs.AST.MustacheStatement);
    case 'BlockStatement': {
      const block = statement as hbs.AST.BlockStatement;
      // An inverse block has no program of its own, a plain one no inverse: the types do not say so.
      const program: hbs.AST.Program | undefined = block.program;
      const inverse: hbs.AST.Program | undefined = block.inverse;
      return {
        ...block,
        ...(program && { program: guarded(program) }),
        ...(inverse && { inverse: guarded(inverse) }),
      } as hbs.AST.Statement;
    }
    default:
      throw new Error('it has a partial or a decorator: there are none');
  }
}

function insertion(mustache: hbs.AST.MustacheStatement): hbs.AST.MustacheStatement {
  const { path, params, hash, loc, escaped } = mustache;
  const isCall = params.length > 0 || (hash?.pairs.length ?? 0) > 0;
  const helper = isCall && 'original' in path ? path.original : undefined;
  const value = isCall ? ({ type: 'SubExpression', path, params, hash, loc } as hbs.AST.SubExpression) : path;
  const insert = helper === 'json' ? 'insertJson' : escaped ? 'insertEscaped' : 'insertRaw';
  return {
    ...mustache,
    path: {
      type: 'PathExpression',
      data: false,
      depth: 0,
      parts: [insert],
      original: insert,
      loc,
    } as hbs.AST.PathExpression,
    params: [value],
    hash: undefined as unknown as hbs.AST.Hash,
  };
}

const textOf = (value: unknown): string => {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

const asIs: Escape = (text) => text;
/** For the inside of a string. */
const escapeJson: Escape = (text) => JSON.stringify(text).slice(1, -1);
const escapeForm: Escape = (text) => encodeURIComponent(text.toWellFormed());
const XML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escapeXml: Escape = (text) => text.replace(/[&<>"']/g, (char) => XML[char] ?? char);

function escapeFor(contentType: string): Escape {
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (/^(application|text)\/([\w.-]+\+)?json$/.test(type)) return escapeJson;
  if (type === 'application/x-www-form-urlencoded') return escapeForm;
  if (/[/+](xml|html)$/.test(type)) return escapeXml;
  return asIs;
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // That is what was asked.
    return false;
  }
}
