/** What is wrong with a Handlebars source, found when it is saved, so that it cannot fail for that when it is sent. */
import Handlebars from 'handlebars';
import { messageOf } from '../../../platform/errors/message-of.ts';
import {
  BLOCK_HELPERS,
  BLOCK_PARAMETER_HELPERS,
  HELPER_NAMES,
  HELPER_PARAMETERS,
} from './allowed-helpers.ts';
import { MAX_BLOCKS, MAX_DEPTH, MAX_EXPRESSIONS, MAX_PATH_PARTS } from './limits.ts';

/** What a source must not have; the message says where and what to do. */
class SourceProblem extends Error {
  override readonly name = 'SourceProblem';
  constructor(line: number, message: string) {
    super(`Line ${line}: ${message}`);
  }
}

/** The one sentence that people get for what a source has wrong; undefined when nothing is. Pure. */
export function sourceProblem(source: string): string | undefined {
  try {
    checkComplexity(source);
    new SourceChecker().accept(Handlebars.parse(source));
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
    if (names.length > 0 && !BLOCK_PARAMETER_HELPERS.has(sourceOf(block.path)))
      throw new SourceProblem(
        block.loc.start.line,
        `only each and with give names ("as |${names.join(' ')}|"); remove them here.`,
      );
    super.BlockStatement(block);
  }

  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    throw new SourceProblem(
      partial.loc.start.line,
      'partials ({{> …}}) are not available; write the text out.',
    );
  }

  override PartialBlockStatement(partial: hbs.AST.PartialBlockStatement): void {
    throw new SourceProblem(
      partial.loc.start.line,
      'partials ({{#> …}}) are not available; write the text out.',
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
  const written = sourceOf(call.path);
  const takes = Object.hasOwn(HELPER_PARAMETERS, written) ? HELPER_PARAMETERS[written] : undefined;
  const given = call.params.length;
  if (takes !== undefined) {
    if (given !== takes)
      throw new SourceProblem(
        line,
        `the helper "${written}" takes ${takes === 1 ? 'one parameter' : `${takes} parameters`} and got ${given}; a variable of that name is written {{this.${written}}}.`,
      );
    if (call.type !== 'BlockStatement' && BLOCK_HELPERS.has(written))
      throw new SourceProblem(
        line,
        `the helper "${written}" is a block: {{#${written} …}} … {{/${written}}}.`,
      );
    // A block's result is not escaped.
    if (call.type === 'BlockStatement' && !BLOCK_HELPERS.has(written))
      throw new SourceProblem(line, `the helper "${written}" is no block: {{${written} …}}.`);
    return;
  }
  if (given > 0 || (call.hash?.pairs.length ?? 0) > 0 || call.type === 'SubExpression')
    throw new SourceProblem(
      line,
      `there is no helper "${written}"; the helpers are ${HELPER_NAMES.join(', ')}.`,
    );
}

/** What is called, as it is written: `this.if` and `../if` are not the helper `if`. */
function sourceOf(path: hbs.AST.Expression): string {
  return 'original' in path ? String(path.original) : path.type;
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
