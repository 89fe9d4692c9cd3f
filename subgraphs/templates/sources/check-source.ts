/** What is wrong with a Handlebars source, found when it is saved, so that it cannot fail for that when it is sent. */
import Handlebars from 'handlebars';
import { messageOf } from '../../../platform/errors/message-of.ts';
import {
  BLOCK_PARAMETER_HELPERS,
  HELPER_NAMES,
  type HelperRule,
  helperRule,
  isVariableCall,
} from './helper-rules.ts';
import { MAX_BLOCKS, MAX_DEPTH, MAX_EXPRESSIONS, MAX_PATH_PARTS } from './limits.ts';
import { PARTIAL_BLOCK, writtenPath } from './parsed-source.ts';

/** What a source must not have; the message says where and what to do. */
class SourceProblem extends Error {
  override readonly name = 'SourceProblem';
  constructor(line: number, message: string) {
    super(`Line ${line}: ${message}`);
  }
}

export interface SourceSetting {
  /** What it may call, by name. */
  readonly partials?: Readonly<Record<string, unknown>>;
  /** It is one itself, and may be a layout. */
  readonly isPartial?: boolean;
}

/** The one sentence that people get for what a source has wrong; undefined when nothing is. Pure. */
export function sourceProblem(source: string, setting: SourceSetting = {}): string | undefined {
  // Handlebars takes a parsed program for a source, which could be any code.
  if (typeof source !== 'string') return 'Line 1: a source is a text.';
  if (!source.isWellFormed()) return 'It has half of a character (of a surrogate pair): write whole ones.';
  try {
    checkComplexity(source);
    new SourceChecker(setting).accept(Handlebars.parse(source));
    return undefined;
  } catch (error) {
    if (error instanceof SourceProblem) return error.message;
    return syntaxProblem(error);
  }
}

/** Handlebars' parser: exported, but missing in its types. `lex` gives the number of the next token, 1 after the last. */
interface Parser {
  readonly terminals_: Readonly<Record<number, string>>;
  readonly lexer: {
    yy: object;
    readonly yylineno: number;
    setInput(source: string): void;
    lex(): number;
  };
}
const { lexer, terminals_: tokenNames } = (Handlebars as unknown as { readonly Parser: Parser }).Parser;

const OPENS = new Set([
  'OPEN',
  'OPEN_UNESCAPED',
  'OPEN_BLOCK',
  'OPEN_INVERSE',
  'OPEN_INVERSE_CHAIN',
  'OPEN_RAW_BLOCK',
  'OPEN_SEXPR',
]);
const NESTS = new Set(['OPEN_BLOCK', 'OPEN_INVERSE', 'OPEN_RAW_BLOCK', 'OPEN_SEXPR']);
const UNNESTS = new Set(['OPEN_ENDBLOCK', 'END_RAW_BLOCK', 'CLOSE_SEXPR']);

/**
 * Bounds a source before it is parsed: the parser copies its stack at each step, so that deep nesting costs the
 * square of the length (minutes for 340 KiB of `{{#if a}}`), and the compiler compares each block with all
 * before it. The lexer alone is linear.
 */
function checkComplexity(source: string): void {
  let blocks = 0;
  let expressions = 0;
  let depth = 0;
  let separators = 0;
  lexer.yy = {};
  lexer.setInput(source);
  for (let token = nextToken(); token !== undefined; token = nextToken()) {
    const line = lexer.yylineno + 1;
    if (OPENS.has(token)) {
      separators = 0;
      if (++expressions > MAX_EXPRESSIONS)
        throw new SourceProblem(line, `there are more than ${MAX_EXPRESSIONS} expressions; use fewer.`);
    }
    if (token === 'OPEN_INVERSE_CHAIN' || (NESTS.has(token) && token !== 'OPEN_SEXPR')) blocks++;
    if (blocks > MAX_BLOCKS)
      throw new SourceProblem(line, `there are more than ${MAX_BLOCKS} blocks; use fewer.`);
    if (NESTS.has(token) && ++depth > MAX_DEPTH)
      throw new SourceProblem(line, `it is nested more than ${MAX_DEPTH} deep; nest it less.`);
    if (UNNESTS.has(token)) depth--;
    if (token === 'SEP' && ++separators > MAX_PATH_PARTS)
      throw new SourceProblem(
        line,
        `the paths of one expression have more than ${MAX_PATH_PARTS} parts; use fewer.`,
      );
  }
}

/** Undefined at the end, and at what is no token: the parser tells people about that. */
function nextToken(): string | undefined {
  try {
    const token = tokenNames[lexer.lex()];
    return token === 'EOF' ? undefined : token;
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('Lexical error')) return undefined;
    throw error;
  }
}

type Call = hbs.AST.MustacheStatement | hbs.AST.BlockStatement | hbs.AST.SubExpression;

/** Walks a parsed source and throws a SourceProblem at the first thing that is not available. */
class SourceChecker extends Handlebars.Visitor {
  readonly #setting: SourceSetting;
  constructor(setting: SourceSetting) {
    super();
    this.#setting = setting;
  }

  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    checkCall(mustache);
    super.MustacheStatement(mustache);
  }

  override SubExpression(expression: hbs.AST.SubExpression): void {
    checkCall(expression);
    super.SubExpression(expression);
  }

  override BlockStatement(block: hbs.AST.BlockStatement): void {
    checkCall(block);
    const names = [block.program, block.inverse].flatMap((program) => program?.blockParams ?? []);
    if (names.length > 0 && !BLOCK_PARAMETER_HELPERS.has(writtenPath(block.path)))
      throw new SourceProblem(
        block.loc.start.line,
        `only each and with give names ("as |${names.join(' ')}|"); remove them here.`,
      );
    super.BlockStatement(block);
  }

  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    this.#checkPartial(partial);
    super.PartialStatement(partial);
  }

  override PartialBlockStatement(partial: hbs.AST.PartialBlockStatement): void {
    this.#checkPartial(partial);
    super.PartialBlockStatement(partial);
  }

  #checkPartial(partial: hbs.AST.PartialStatement | hbs.AST.PartialBlockStatement): void {
    const { line } = partial.loc.start;
    if (partial.name.type !== 'PathExpression')
      throw new SourceProblem(line, 'a partial is called by its name: {{> footer}}.');
    const name = writtenPath(partial.name);
    const { partials = {}, isPartial = false } = this.#setting;
    if (partial.params.length > 1)
      throw new SourceProblem(
        line,
        `the partial "${name}" takes one parameter and got ${partial.params.length}.`,
      );
    if (name === PARTIAL_BLOCK) {
      if (isPartial && partial.type === 'PartialStatement') return;
      throw new SourceProblem(line, `{{> ${PARTIAL_BLOCK}}} is for layouts, which are partials themselves.`);
    }
    if (Object.hasOwn(partials, name)) return;
    const names = Object.keys(partials);
    throw new SourceProblem(
      line,
      `there is no partial "${name}"; ${names.length > 0 ? `the partials are ${names.join(', ')}` : 'there are none here'}.`,
    );
  }

  override Decorator(decorator: hbs.AST.Decorator): void {
    throw new SourceProblem(decorator.loc.start.line, 'decorators ({{* …}}) are not available; remove it.');
  }

  override DecoratorBlock(decorator: hbs.AST.DecoratorBlock): void {
    throw new SourceProblem(decorator.loc.start.line, 'decorators ({{#* …}}) are not available; remove it.');
  }
}

/** A helper must be one of ours with its parameters; nothing else may look like a call. */
function checkCall(call: Call): void {
  const { line } = call.loc.start;
  const written = writtenPath(call.path);
  const rule = helperRule(written);
  if (!rule) {
    if (call.params.length > 0 || (call.hash?.pairs.length ?? 0) > 0 || call.type === 'SubExpression')
      throw new SourceProblem(
        line,
        `there is no helper "${written}"; the helpers are ${HELPER_NAMES.join(', ')}.`,
      );
    return;
  }
  if (call.type !== 'SubExpression' && isVariableCall(call)) return;
  checkParameters(written, rule, call);
  if (call.type !== 'BlockStatement' && rule.use === 'block')
    throw new SourceProblem(line, `the helper "${written}" is a block: {{#${written} …}} … {{/${written}}}.`);
  // A block's result is not escaped.
  if (call.type === 'BlockStatement' && rule.use !== 'block')
    throw new SourceProblem(line, `the helper "${written}" is no block: {{${written} …}}.`);
}

function checkParameters(written: string, { params, settings, required }: HelperRule, call: Call): void {
  const { line } = call.loc.start;
  const [fewest, most] = params;
  const given = call.params.length;
  if (given < fewest || given > most)
    throw new SourceProblem(
      line,
      `the helper "${written}" takes ${takes(fewest, most)} and got ${given}; a variable of that name is written {{this.${written}}}.`,
    );
  const names = call.hash?.pairs.map(({ key }) => key) ?? [];
  for (const name of settings ? names : [])
    if (!settings?.includes(name))
      throw new SourceProblem(
        line,
        `the helper "${written}" has no setting "${name}"; ${settings?.length ? `it has ${settings.join(', ')}` : 'it has none'}.`,
      );
  for (const name of required ?? [])
    if (!names.includes(name))
      throw new SourceProblem(line, `the helper "${written}" needs the setting "${name}".`);
}

function takes(fewest: number, most: number): string {
  if (fewest !== most) return `${fewest} to ${most} parameters`;
  return most === 1 ? 'one parameter' : `${most} parameters`;
}

const ADVICE = 'Check that every {{ is closed by }} and every block, like {{#if x}}, by its end, {{/if}}.';

/** Handlebars' own messages come with a picture of several lines; people get its place and its reason. */
function syntaxProblem(error: unknown): string {
  const message = messageOf(error);
  const parser = /^(?:Parse|Lexical) error on line (\d+)/.exec(message);
  if (parser) {
    const ended = message.endsWith("got 'EOF'") ? ': the source ends inside a block' : '';
    return `Line ${parser[1]}: this is not Handlebars syntax${ended}. ${ADVICE}`;
  }
  const placed = /^(.*) - (\d+):\d+$/s.exec(message);
  if (placed) return `Line ${placed[2]}: ${placed[1]}. ${ADVICE}`;
  throw error;
}
