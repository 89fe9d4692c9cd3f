/**
 * Which subscription fields can go on where they were interrupted. A subgraph says it in its own schema, with
 * federation's `@tag`, which composition keeps in the supergraph and hides from callers:
 *
 *     inboxEvents(after: ID): InboxEvent! @tag(name: "resumable/after/message/id/only-if/type/RECEIVED")
 *
 * reads: the argument `after` takes the cursor of the last event seen, an event's cursor is at `message.id`, and only
 * events whose `type` is RECEIVED have one (others do not move the position). `only-if` may be left out.
 */
import {
  type DirectiveNode,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isListType,
  isRequiredArgument,
  isUnionType,
  Kind,
  parse,
} from 'graphql';

export interface Resumable {
  /** Takes the cursor of the last event seen; later ones are replayed. */
  readonly argument: string;
  /** The argument's type, without the outer `!`. */
  readonly argumentType: string;
  /** Fields from the event to its cursor. */
  readonly cursor: readonly string[];
  /** Only events that have this value there have a cursor. */
  readonly onlyIf?: { readonly path: readonly string[]; readonly value: string };
}

/** By name of the subscription field. */
export type ResumableFields = ReadonlyMap<string, Resumable>;

const PREFIX = 'resumable/';
/** No field can be called that: names have no dashes. */
const ONLY_IF = 'only-if';

/**
 * @param api the schema that callers see: cursors must be in it.
 * @throws Error when a mark does not fit its field.
 */
export function resumableFields(supergraphSdl: string, api: GraphQLSchema): ResumableFields {
  const fields = new Map<string, Resumable>();
  const root = api.getSubscriptionType();
  if (!root) return fields;
  for (const definition of parse(supergraphSdl).definitions) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION && definition.kind !== Kind.OBJECT_TYPE_EXTENSION)
      continue;
    if (definition.name.value !== root.name) continue;
    for (const field of definition.fields ?? []) {
      const mark = field.directives?.map(tagName).find((name) => name?.startsWith(PREFIX));
      // A field that callers cannot see cannot be subscribed to.
      if (mark !== undefined && root.getFields()[field.name.value])
        fields.set(field.name.value, read(mark, field.name.value, api));
    }
  }
  return fields;
}

function tagName(directive: DirectiveNode): string | undefined {
  const value = directive.name.value === 'tag' ? directive.arguments?.[0]?.value : undefined;
  return value?.kind === Kind.STRING ? value.value : undefined;
}

function read(mark: string, fieldName: string, api: GraphQLSchema): Resumable {
  const wrong = (why: string) => new Error(`Subscription.${fieldName} @tag(name: "${mark}"): ${why}`);
  const field = api.getSubscriptionType()?.getFields()[fieldName];
  const [argumentName = '', ...rest] = mark.slice(PREFIX.length).split('/');
  const argument = field?.args.find(({ name }) => name === argumentName);
  if (!field || !argument) throw wrong(`there is no argument "${argumentName}"`);
  const split = rest.indexOf(ONLY_IF);
  const cursor = split < 0 ? rest : rest.slice(0, split);
  const check = (path: readonly string[]) => {
    const problem = pathProblem(field.type, path);
    if (problem) throw wrong(problem);
  };
  check(cursor);
  const argumentType = getNullableType(argument.type);
  const read = { argument: argumentName, argumentType: String(argumentType), cursor };
  if (split < 0) return read;
  const path = rest.slice(split + 1, -1);
  const value = rest.at(-1);
  if (value === undefined || path.length === 0) throw wrong('a path and a value must follow "only-if"');
  check(path);
  return { ...read, onlyIf: { path, value } };
}

/** Why `path` leads to no single value of every event, if it does not. */
function pathProblem(from: GraphQLOutputType, path: readonly string[]): string | undefined {
  if (path.length === 0) return 'the path is empty';
  let type = from;
  for (const name of path) {
    const nullable = getNullableType(type);
    if (isListType(nullable)) return `before "${name}" there is a list`;
    if (isUnionType(nullable) || !isCompositeType(nullable))
      return `nothing is called "${name}" in ${nullable}`;
    const next = nullable.getFields()[name];
    if (!next) return `there is no field "${name}" in ${nullable.name}`;
    if (next.args.some(isRequiredArgument)) return `"${name}" needs arguments`;
    type = next.type;
  }
  if (isListType(getNullableType(type)) || isCompositeType(getNamedType(type)))
    return 'the path does not end at a single value';
  return undefined;
}
