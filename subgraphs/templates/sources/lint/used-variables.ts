/** Which variables a source reads, by their way from the root of its data. */
import Handlebars from 'handlebars';
import { helperRule, isVariableCall } from '../helper-rules.ts';
import { PARTIAL_BLOCK, writtenPath } from '../parsed-source.ts';
import type { PartialSet } from '../partial-set.ts';

/** `['order', 'items', '*', 'name']`: `*` for each of a list. */
export type VariablePath = readonly string[];

export interface VariableUse {
  readonly path: VariablePath;
  readonly line: number;
  /** It is written out, not only asked for or gone through. */
  readonly isWritten: boolean;
}

/** Where a piece of a source stands. */
interface Scope {
  /** What `this` is; undefined where that cannot be said. */
  readonly context: VariablePath | undefined;
  /** Names of a loop's own (`as |item|`), of a partial's settings. */
  readonly locals: Readonly<Record<string, VariablePath | undefined>>;
  readonly outer?: Scope;
}

const ROOT: Scope = { context: [], locals: {} };
/** A partial that is called with a great many different contexts is read with these. */
const MAX_READS = 1_000;

/**
 * @param source and partials have been checked.
 */
export function usedVariables(source: string, partials: PartialSet): VariableUse[] {
  const reader = new Reader(partials);
  reader.read(Handlebars.parse(source), ROOT);
  return reader.uses;
}

type Statement = hbs.AST.Statement;

class Reader {
  readonly uses: VariableUse[] = [];
  readonly #partials: PartialSet;
  readonly #seen = new Set<string>();

  constructor(partials: PartialSet) {
    this.#partials = partials;
  }

  read(program: hbs.AST.Program | undefined, scope: Scope, block?: () => void): void {
    for (const statement of program?.body ?? []) this.#statement(statement, scope, block);
  }

  #statement(statement: Statement, scope: Scope, block: (() => void) | undefined): void {
    if (statement.type === 'MustacheStatement')
      this.#call(statement as hbs.AST.MustacheStatement, scope, true);
    else if (statement.type === 'BlockStatement')
      this.#block(statement as hbs.AST.BlockStatement, scope, block);
    else if (statement.type === 'PartialStatement' || statement.type === 'PartialBlockStatement')
      this.#partial(statement as hbs.AST.PartialStatement | hbs.AST.PartialBlockStatement, scope, block);
  }

  #call(call: hbs.AST.MustacheStatement | hbs.AST.SubExpression, scope: Scope, isWritten: boolean): void {
    const isHelper = helperRule(writtenPath(call.path)) && !isVariableCall(call);
    if (!isHelper) this.#use(call.path, scope, isWritten);
    const [of, ...others] = call.params.map((parameter) => this.#value(parameter, scope));
    const member = isHelper && others.length > 0 ? call.params[1] : undefined;
    // `{{lookup order "id"}}` is `{{order.id}}`.
    if (of && member?.type === 'StringLiteral' && writtenPath(call.path) === 'lookup')
      this.uses.push({
        path: [...of, (member as hbs.AST.StringLiteral).value],
        line: call.loc.start.line,
        isWritten,
      });
    for (const { value } of call.hash?.pairs ?? []) this.#value(value, scope);
  }

  #value(value: hbs.AST.Expression, scope: Scope): VariablePath | undefined {
    if (value.type === 'SubExpression') this.#call(value as hbs.AST.SubExpression, scope, false);
    else if (value.type === 'PathExpression') return this.#use(value, scope, false);
    return undefined;
  }

  #block(statement: hbs.AST.BlockStatement, scope: Scope, block: (() => void) | undefined): void {
    const name = writtenPath(statement.path);
    const isHelper = helperRule(name) && !isVariableCall(statement);
    const subject = statement.params[0];
    if (name === 'if' || name === 'unless') {
      if (subject) this.#value(subject, scope);
      this.read(statement.program, scope, block);
    } else {
      const of = isHelper ? subject && this.#value(subject, scope) : this.#use(statement.path, scope, false);
      const [first, second] = statement.program?.blockParams ?? [];
      // A section may be a list or not.
      const context = name === 'each' && of ? [...of, '*'] : isHelper ? of : undefined;
      const locals = {
        ...(first !== undefined && { [first]: context }),
        ...(second !== undefined && { [second]: undefined }),
      };
      this.read(statement.program, { context, locals, outer: scope }, block);
    }
    this.read(statement.inverse, scope, block);
  }

  #partial(
    partial: hbs.AST.PartialStatement | hbs.AST.PartialBlockStatement,
    scope: Scope,
    block: (() => void) | undefined,
  ): void {
    const name = writtenPath(partial.name);
    if (name === PARTIAL_BLOCK) {
      block?.();
      return;
    }
    const [parameter] = partial.params;
    const context = parameter ? this.#value(parameter, scope) : scope.context;
    const locals: Record<string, undefined> = {};
    for (const { key, value } of partial.hash?.pairs ?? []) {
      this.#value(value, scope);
      locals[key] = undefined;
    }
    const inside =
      partial.type === 'PartialBlockStatement'
        ? () => this.read((partial as hbs.AST.PartialBlockStatement).program, scope, block)
        : undefined;
    inside?.();
    const key = JSON.stringify([name, context ?? null, Object.keys(locals)]);
    if (this.#seen.has(key) || this.#seen.size > MAX_READS || !Object.hasOwn(this.#partials, name)) return;
    this.#seen.add(key);
    this.read(Handlebars.parse(this.#partials[name] ?? ''), { context, locals });
  }

  #use(expression: hbs.AST.Expression, scope: Scope, isWritten: boolean): VariablePath | undefined {
    if (expression.type !== 'PathExpression') return undefined;
    const path = resolve(expression as hbs.AST.PathExpression, scope);
    if (path) this.uses.push({ path, line: expression.loc.start.line, isWritten });
    return path;
  }
}

function resolve(
  { data, depth, parts: written, original }: hbs.AST.PathExpression,
  scope: Scope,
): VariablePath | undefined {
  const parts = written.map(String);
  if (data) return parts[0] === 'root' ? withoutData(parts.slice(1)) : undefined;
  const [first = '', ...rest] = parts;
  if (depth === 0 && !original.startsWith('this') && !original.startsWith('.') && parts.length > 0)
    for (let at: Scope | undefined = scope; at; at = at.outer)
      if (Object.hasOwn(at.locals, first)) {
        const local = at.locals[first];
        return local && withoutData([...local, ...rest]);
      }
  let at: Scope | undefined = scope;
  for (let up = depth; up > 0; up--) at = at?.outer;
  return at?.context && withoutData([...at.context, ...parts]);
}

/** `data.order` is `order`. */
const withoutData = (path: VariablePath): VariablePath => (path[0] === 'data' ? path.slice(1) : path);
