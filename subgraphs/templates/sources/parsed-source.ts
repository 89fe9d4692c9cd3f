/** A source as Handlebars reads it, and what it uses. */
import Handlebars from 'handlebars';
import { HELPER_NAMES, helperRule, isVariableCall } from './helper-rules.ts';

export interface ParsedSource {
  readonly program: hbs.AST.Program;
  readonly helpers: ReadonlySet<string>;
  /** Those that it names, without the block that a layout is given. */
  readonly partials: ReadonlySet<string>;
}

/** What the block is called that a layout gets: `{{> @partial-block}}`. */
export const PARTIAL_BLOCK = '@partial-block';

/** @param source has been checked by `sourceProblem`. */
export function parseSource(source: string): ParsedSource {
  const program = Handlebars.parse(source);
  const uses = new Uses();
  uses.accept(program);
  return { program, helpers: uses.helpers, partials: uses.partials };
}

/** What is called, as it is written: `this.if` and `../if` are not the helper `if`. */
export const writtenPath = (path: hbs.AST.Expression): string =>
  'original' in path ? String(path.original) : path.type;

type Call = hbs.AST.MustacheStatement | hbs.AST.BlockStatement;

class Uses extends Handlebars.Visitor {
  readonly helpers = new Set<string>();
  readonly partials = new Set<string>();

  #call(call: Call): void {
    const name = writtenPath(call.path);
    if (!helperRule(name)) {
      // A section over a list is a loop.
      if (call.type === 'BlockStatement') this.helpers.add('each');
      return;
    }
    if (!isVariableCall(call)) {
      this.helpers.add(name);
      return;
    }
    // Handlebars would call the helper of that name.
    (call.path as { original: string }).original = `this.${name}`;
    if (call.type === 'BlockStatement') this.helpers.add('each');
  }

  override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
    this.#call(mustache);
    super.MustacheStatement(mustache);
  }

  override BlockStatement(block: hbs.AST.BlockStatement): void {
    this.#call(block);
    super.BlockStatement(block);
  }

  override SubExpression(expression: hbs.AST.SubExpression): void {
    this.helpers.add(writtenPath(expression.path));
    super.SubExpression(expression);
  }

  override PartialStatement(partial: hbs.AST.PartialStatement): void {
    this.#partial(partial);
    super.PartialStatement(partial);
  }

  override PartialBlockStatement(partial: hbs.AST.PartialBlockStatement): void {
    this.#partial(partial);
    super.PartialBlockStatement(partial);
  }

  #partial(partial: hbs.AST.PartialStatement | hbs.AST.PartialBlockStatement): void {
    const name = writtenPath(partial.name);
    if (name !== PARTIAL_BLOCK) this.partials.add(name);
  }
}

/** All that may be called, for Handlebars' compiler: every other name is a variable. */
export const KNOWN_HELPERS = Object.fromEntries([
  ...HELPER_NAMES.map((name) => [name, true]),
  ...['log', 'helperMissing', 'blockHelperMissing'].map((name) => [name, false]),
]) as KnownHelpers;
