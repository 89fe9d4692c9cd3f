/** Html with its partials written out: a text can be made of their tags only where they stand. */
import Handlebars from 'handlebars';
import { PARTIAL_BLOCK, writtenPath } from '../parsed-source.ts';
import type { PartialSet } from '../partial-set.ts';
import { escapeHtml } from '../write-value.ts';

/** What cannot be written out; the message is for people. */
export class WriteOutProblem extends Error {
  override readonly name = 'WriteOutProblem';
}

/** As of MJML. */
const MAX_CHARS = 1024 * 1024;
const TAG = /<[a-z!/]/i;

type PartialCall = hbs.AST.PartialStatement | hbs.AST.PartialBlockStatement;

/**
 * Those without a tag, and without one in all that they call, stay calls.
 * @param source has been checked by `sourceProblem`.
 * @param partials passed `partialsProblem`: they have no circles, so that this ends.
 * @throws WriteOutProblem
 */
export function writeOutPartials(source: string, partials: PartialSet): string {
  let text = source;
  for (let call = nextCall(text, partials); call; call = nextCall(text, partials)) {
    const offset = offsetsOf(text);
    const { start, end } = call.loc;
    const written = writtenOut(call, text, offset, partials[writtenPath(call.name)] ?? '');
    text = text.slice(0, offset(start)) + written + text.slice(offset(end));
    if (text.length > MAX_CHARS)
      throw new WriteOutProblem(`With its partials it has more than ${MAX_CHARS} characters.`);
  }
  return text;
}

function nextCall(text: string, partials: PartialSet): PartialCall | undefined {
  let found: PartialCall | undefined;
  class Calls extends Handlebars.Visitor {
    #see(call: PartialCall): void {
      const name = writtenPath(call.name);
      if (name !== PARTIAL_BLOCK && hasTags(name, partials)) found ??= call;
    }
    override PartialStatement(call: hbs.AST.PartialStatement): void {
      this.#see(call);
    }
    override PartialBlockStatement(call: hbs.AST.PartialBlockStatement): void {
      this.#see(call);
      super.PartialBlockStatement(call);
    }
  }
  if (text.includes('>')) new Calls().accept(Handlebars.parse(text));
  return found;
}

function hasTags(name: string, partials: PartialSet): boolean {
  const source = Object.hasOwn(partials, name) ? partials[name] : undefined;
  if (source === undefined) return false;
  if (TAG.test(source.replace(/\{\{[\s\S]*?\}\}/g, ''))) return true;
  return [...source.matchAll(/\{\{~?\s*#?>\s*([\w-]+)/g)].some(([, called = '']) =>
    hasTags(called, partials),
  );
}

interface Position {
  readonly line: number;
  readonly column: number;
}
type Offset = (position: Position) => number;

function offsetsOf(text: string): Offset {
  const starts = [0];
  for (const match of text.matchAll(/\n/g)) starts.push(match.index + 1);
  return ({ line, column }) => (starts[line - 1] ?? 0) + column;
}

function writtenOut(call: PartialCall, text: string, offset: Offset, partial: string): string {
  const written = (node: hbs.AST.Node) => text.slice(offset(node.loc.start), offset(node.loc.end));
  let made = partial;
  for (const { key, value } of call.hash?.pairs ?? []) made = withParameter(made, key, value, written(value));
  if (call.type === 'PartialBlockStatement') {
    const opening = /^\{\{~?\s*#>[\s\S]*?\}\}/.exec(written(call))?.[0] ?? '';
    const closing = /\{\{~?\s*\/[^}]*\}\}$/.exec(written(call))?.[0] ?? '';
    const block = written(call).slice(opening.length, written(call).length - closing.length);
    made = made.replace(/\{\{~?\s*>\s*@partial-block\s*~?\}\}/g, () => block);
  }
  const [context] = call.params;
  return context ? `{{#with ${written(context)}}}${made}{{/with}}` : made;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A partial with what a call gives as `name` in the place of the variable. */
function withParameter(partial: string, name: string, value: hbs.AST.Expression, written: string): string {
  const offset = offsetsOf(partial);
  const edits: Edit[] = [];
  const problem = () =>
    new WriteOutProblem(`A partial's parameter ("${name}=${written}") cannot be followed into its html.`);
  const replace = (node: hbs.AST.Node, text: string) =>
    edits.push({ start: offset(node.loc.start), end: offset(node.loc.end), text });
  /** How many contexts there are between the partial's own and the present one. */
  let level = 0;
  const isUse = (path: hbs.AST.Expression): path is hbs.AST.PathExpression =>
    path.type === 'PathExpression' &&
    !(path as hbs.AST.PathExpression).data &&
    (path as hbs.AST.PathExpression).depth === level &&
    (path as hbs.AST.PathExpression).parts[0] === name;
  const asPath = (path: hbs.AST.PathExpression): string => {
    const rest = path.parts.slice(1);
    if (value.type === 'PathExpression')
      return [`${written.startsWith('@') ? '' : '../'.repeat(level)}${written}`, ...rest].join('.');
    if (rest.length > 0 || (value.type === 'SubExpression' && level > 0)) throw problem();
    return written;
  };
  class Uses extends Handlebars.Visitor {
    override MustacheStatement(mustache: hbs.AST.MustacheStatement): void {
      if (mustache.params.length === 0 && isUse(mustache.path)) {
        const { path } = mustache;
        if (value.type === 'StringLiteral' || value.type === 'NumberLiteral') {
          const text = String((value as hbs.AST.StringLiteral | hbs.AST.NumberLiteral).value);
          if (path.parts.length > 1 || /[{}\\]/.test(text)) throw problem();
          replace(mustache, escapeHtml(text));
        } else if (value.type === 'SubExpression') {
          if (path.parts.length > 1 || level > 0) throw problem();
          replace(mustache, `{{${written.slice(1, -1)}}}`);
        } else replace(path, asPath(path));
        return;
      }
      super.MustacheStatement(mustache);
    }
    override BlockStatement(block: hbs.AST.BlockStatement): void {
      const isSame = /^(?:if|unless)$/.test(writtenPath(block.path));
      if (isSame) this.acceptArray(block.params);
      else for (const parameter of [block.path, ...block.params]) this.accept(parameter);
      if ([block.program, block.inverse].some((program) => program?.blockParams?.includes(name)))
        throw problem();
      if (!isSame) level++;
      if (block.program) this.accept(block.program);
      if (!isSame) level--;
      // `else` has the context around the block.
      if (block.inverse) this.accept(block.inverse);
    }
    override PathExpression(path: hbs.AST.PathExpression): void {
      if (isUse(path)) replace(path, asPath(path));
    }
  }
  new Uses().accept(Handlebars.parse(partial));
  let made = partial;
  for (const { start, end, text } of edits.toSorted((a, b) => b.start - a.start))
    made = made.slice(0, start) + text + made.slice(end);
  return made;
}
