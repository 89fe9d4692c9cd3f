/**
 * Handlebars as templates get it: an environment of its own with the built-in helpers only, no access to
 * prototypes, and bounds on what one render may do.
 */
import Handlebars from 'handlebars';
import { HELPER_NAMES } from './allowed-helpers.ts';
import { MAX_LOOP_ITERATIONS, MAX_OUTPUT_CHARS, type SourcePart } from './limits.ts';

/** One source, ready to render. @throws Error when the variables make it fail or exceed its bounds. */
export type CompiledSource = (variables: Readonly<Record<string, unknown>>) => string;

const environment = Handlebars.create();
// It would write what callers send to the process's console.
environment.unregisterHelper('log');

/** Rendering is synchronous, so that one count serves all sources: it is reset at the start of each render. */
let iterations = 0;

/** The built-in `each` (which also runs `{{#items}}` sections), with its iterations counted and its output bounded. */
const each = environment.helpers.each as Handlebars.HelperDelegate;
environment.unregisterHelper('each');
environment.registerHelper(
  'each',
  function boundedEach(this: unknown, items: unknown, options: Handlebars.HelperOptions) {
    let produced = 0;
    const fn: Handlebars.TemplateDelegate = (context: unknown, runtime) => {
      if (++iterations > MAX_LOOP_ITERATIONS)
        throw new Error(`its loops run more than ${MAX_LOOP_ITERATIONS} times`);
      const text = options.fn(context, runtime);
      produced += text.length;
      if (produced > MAX_OUTPUT_CHARS.html) throw new Error('a loop makes too much text');
      return text;
    };
    return each.call(this, items, { ...options, fn });
  },
);

/** Handlebars' internal helpers are names like any other: `{{log}}` is a variable. */
const KNOWN_HELPERS = Object.fromEntries([
  ...HELPER_NAMES.map((name) => [name, true]),
  ...['log', 'helperMissing', 'blockHelperMissing'].map((name) => [name, false]),
]) as KnownHelpers;

/**
 * Compiles at the first render and never again. Only `html` is HTML-escaped (triple braces insert as is);
 * titles come out on one line (a line break would forge mail headers); URLs of schemes that run code are refused.
 * @param source has been checked by `sourceProblem`.
 */
export function compileSource(part: SourcePart, source: string): CompiledSource {
  const template: Handlebars.TemplateDelegate<Readonly<Record<string, unknown>>> = environment.compile(
    source,
    {
      noEscape: part !== 'html',
      knownHelpers: KNOWN_HELPERS,
      knownHelpersOnly: true,
    },
  );
  return (variables) => {
    iterations = 0;
    const text = template(variables, {
      allowProtoPropertiesByDefault: false,
      allowProtoMethodsByDefault: false,
      allowCallsToHelperMissing: false,
    });
    if (text.length > MAX_OUTPUT_CHARS[part])
      throw new Error(`it makes more than ${MAX_OUTPUT_CHARS[part]} characters`);
    if (part === 'title') return oneLine(text);
    if (part === 'url') return safeUrl(text);
    return text;
  };
}

const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();

function safeUrl(text: string): string {
  // Browsers ignore control characters inside a URL, so that "java\nscript:" would pass a plain comparison.
  const url = text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, '').trim();
  if (/^(javascript|vbscript|data|blob):/i.test(url)) throw new Error('it makes a URL that runs code');
  return url;
}
