/**
 * Conditions that operators write, in CEL (https://cel.dev): of routes, of recipients, of segments. An expression is
 * checked when it is saved (syntax, unknown variables, type) and cannot loop: comprehensions over lists do not nest.
 */
import { type ASTNode, Environment, type ParseResult } from '@marcbachmann/cel-js';
import { LRUCache } from 'lru-cache';
import { RE2JS } from 're2js';
import { messageOf } from '../errors/message-of.ts';

/** What a condition can look at. `event`: before recipients are known. `recipient`: for each of them. `user`: of a segment. */
export type ConditionScope = 'event' | 'recipient' | 'user';

/** The variables of a condition; those that its scope does not have are ignored. */
export interface ConditionVariables {
  /** The variables of the send. */
  readonly data?: unknown;
  /** The event type. */
  readonly event?: string;
  readonly now?: Date;
  readonly user?: Readonly<Record<string, unknown>>;
}

export type Verdict =
  | { readonly holds: boolean }
  /** Something that it asks for is not there, or is of another type: it does not hold. */
  | { readonly holds: false; readonly because: string };

const MAX_CHARS = 2_000;
const LIMITS = {
  maxAstNodes: 300,
  maxDepth: 40,
  maxListElements: 200,
  maxMapEntries: 50,
  maxCallArguments: 10,
};
/** Comprehensions: each goes over a list once. */
const MACROS = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);

/** What stands for `matches`: the library's own goes back and forth, for minutes with a text of forty characters. */
const LINEAR_MATCHES = 'matchesLinear';
const patterns = new LRUCache<string, RE2JS>({ max: 500 });

/** RE2, as CEL specifies it: in time linear to the text. @throws RE2JSException for what is no pattern. */
function matchesPattern(text: string, pattern: string): boolean {
  let made = patterns.get(pattern);
  if (made === undefined) {
    made = RE2JS.compile(pattern);
    patterns.set(pattern, made);
  }
  return made.matcher(text).find();
}

const environment = () =>
  new Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
    limits: LIMITS,
  }).registerFunction(`string.${LINEAR_MATCHES}(string): bool`, matchesPattern);
const ENVIRONMENTS: Readonly<Record<ConditionScope, Environment>> = {
  event: environment()
    .registerVariable('data', 'map')
    .registerVariable('event', 'string')
    .registerVariable('now', 'google.protobuf.Timestamp'),
  recipient: environment()
    .registerVariable('data', 'map')
    .registerVariable('event', 'string')
    .registerVariable('now', 'google.protobuf.Timestamp')
    .registerVariable('user', 'map'),
  user: environment().registerVariable('now', 'google.protobuf.Timestamp').registerVariable('user', 'map'),
};

const compiled = new LRUCache<string, ParseResult>({ max: 5_000 });

function compile(scope: ConditionScope, source: string): ParseResult {
  const key = `${scope} ${source}`;
  const known = compiled.get(key);
  if (known) return known;
  const made = ENVIRONMENTS[scope].parse(source);
  matchInLinearTime(made.ast);
  compiled.set(key, made);
  return made;
}

/** Why an expression cannot be a condition, in one sentence; undefined when it can. */
export function conditionProblem(scope: ConditionScope, source: string): string | undefined {
  if (source.trim() === '') return 'Must not be empty; leave it out for "always".';
  if (source.length > MAX_CHARS) return `Must have at most ${MAX_CHARS} characters; it has ${source.length}.`;
  try {
    const parsed = compile(scope, source);
    if (hasNestedMacro(parsed.ast, false))
      return 'all, exists, exists_one, filter and map cannot stand inside one another.';
    const { valid, type, error } = parsed.check();
    if (!valid) return sentence(error);
    const wrongPattern = patternProblem(parsed.ast);
    if (wrongPattern !== undefined) return sentence(wrongPattern);
    if (type !== 'bool' && type !== 'dyn') return `Must be true or false; this is of type ${type}.`;
    return undefined;
  } catch (error) {
    return sentence(error);
  }
}

/** @param source has no `conditionProblem`. Never throws. */
export function judge(scope: ConditionScope, source: string, variables: ConditionVariables): Verdict {
  try {
    const { data = {}, event = '', now = new Date(), user = {} } = variables;
    const answer: unknown = compile(scope, source)({ data, event, now, user });
    if (typeof answer === 'boolean') return { holds: answer };
    return { holds: false, because: `it is ${typeof answer}, not true or false` };
  } catch (error) {
    return { holds: false, because: sentence(error) };
  }
}

/** The library takes no other function of the same name; the tree is not compiled before its first use. */
function matchInLinearTime(node: ASTNode): void {
  if (node.op === 'rcall' && node.args[0] === 'matches') node.args[0] = LINEAR_MATCHES;
  for (const child of childrenOf(node.args)) matchInLinearTime(child);
}

/** A pattern that is written out is checked before anything is sent. */
function patternProblem(node: ASTNode): string | undefined {
  if (node.op === 'rcall' && node.args[0] === LINEAR_MATCHES) {
    const [pattern] = node.args[2];
    if (pattern?.op === 'value' && typeof pattern.args === 'string') {
      try {
        RE2JS.compile(pattern.args);
      } catch (error) {
        return `matches() takes a pattern of RE2: ${messageOf(error)}`;
      }
    }
  }
  for (const child of childrenOf(node.args)) {
    const problem = patternProblem(child);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The library adds a drawing of the place. */
const sentence = (error: unknown): string => {
  const [first = 'It cannot be read.'] = messageOf(error).split('\n');
  return first.endsWith('.') ? first : `${first}.`;
};

function hasNestedMacro(node: ASTNode, inside: boolean): boolean {
  const isMacro = node.op === 'rcall' && MACROS.has(node.args[0]);
  if (isMacro && inside) return true;
  return childrenOf(node.args).some((child) => hasNestedMacro(child, inside || isMacro));
}

const childrenOf = (args: unknown): ASTNode[] => {
  if (Array.isArray(args)) return args.flatMap(childrenOf);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
};
