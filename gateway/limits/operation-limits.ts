/** Bounds what one operation may ask for, before anything is planned or run. */
import {
  type ASTVisitor,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLSchema,
  isObjectType,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql';

/** Longest document, in tokens of the lexer; large inputs belong into variables. */
export const MAX_TOKENS = 20_000;

export interface OperationLimits {
  /** Fields inside each other. */
  readonly maxDepth: number;
  /** Aliased fields, each counted as often as its fragment is spread. */
  readonly maxAliases: number;
  /** Fields in all, each counted as often as its fragment is spread. */
  readonly maxFields: number;
  /** Values that the answer may hold: fields, each counted once for every item of the pages that it is in. */
  readonly maxValues: number;
}

/** Well above what the console, the SDK and GraphiQL send. */
export const OPERATION_LIMITS: OperationLimits = {
  maxDepth: 15,
  maxAliases: 200,
  maxFields: 5_000,
  maxValues: 100_000,
};

interface Size {
  readonly depth: number;
  readonly aliases: number;
  readonly fields: number;
  readonly values: number;
}
const NOTHING: Size = { depth: 0, aliases: 0, fields: 0, values: 0 };

/** A validation rule that refuses operations beyond `limits`. Introspection is bounded by the schema, so its depth is not counted. */
export const operationLimitsRule =
  (limits: OperationLimits) =>
  (context: ValidationContext): ASTVisitor => {
    const sizes = new Map<string, Size>();
    const pages = pageSizesOf(context.getSchema());

    const sizeOfFragment = (name: string): Size => {
      const known = sizes.get(name);
      if (known) return known;
      // A fragment that contains itself is refused by another rule; here it must only not loop.
      sizes.set(name, NOTHING);
      const fragment: FragmentDefinitionNode | null | undefined = context.getFragment(name);
      const size = fragment ? sizeOf(fragment.selectionSet) : NOTHING;
      sizes.set(name, size);
      return size;
    };

    const sizeOf = (selectionSet: SelectionSetNode): Size => {
      let { depth, aliases, fields, values } = NOTHING;
      for (const selection of selectionSet.selections) {
        let size: Size;
        if (selection.kind === Kind.FIELD) {
          const inner = selection.selectionSet ? sizeOf(selection.selectionSet) : NOTHING;
          const introspection = selection.name.value.startsWith('__');
          size = {
            depth: introspection ? 1 : inner.depth + 1,
            aliases: inner.aliases + (selection.alias ? 1 : 0),
            fields: inner.fields + 1,
            values: inner.values * itemsOf(selection, pages) + 1,
          };
        } else if (selection.kind === Kind.INLINE_FRAGMENT) size = sizeOf(selection.selectionSet);
        else size = sizeOfFragment(selection.name.value);
        depth = Math.max(depth, size.depth);
        aliases += size.aliases;
        fields += size.fields;
        values += size.values;
      }
      return { depth, aliases, fields, values };
    };

    return {
      OperationDefinition(node) {
        const { depth, aliases, fields, values } = sizeOf(node.selectionSet);
        const refuse = (message: string) => context.reportError(new GraphQLError(message, { nodes: node }));
        if (depth > limits.maxDepth)
          refuse(`The operation is ${depth} fields deep; at most ${limits.maxDepth} are answered.`);
        if (aliases > limits.maxAliases)
          refuse(`The operation has ${aliases} aliases; at most ${limits.maxAliases} are answered.`);
        if (fields > limits.maxFields)
          refuse(`The operation selects ${fields} fields; at most ${limits.maxFields} are answered.`);
        if (values > limits.maxValues)
          refuse(
            `The operation asks for up to ${values} values, its pages inside each other; at most ${limits.maxValues} are answered. Ask for smaller pages (\`first\`), or for less in each item.`,
          );
      },
    };
  };

/** What a page has where a variable says its size: validation does not know variables. */
const LARGEST_PAGE = 100;

const knownSizes = new WeakMap<GraphQLSchema, ReadonlyMap<string, number>>();

/** How many items a page has by default, by the name of the field that gives it (it takes `first`). */
function pageSizesOf(schema: GraphQLSchema): ReadonlyMap<string, number> {
  const known = knownSizes.get(schema);
  if (known) return known;
  const sizes = new Map<string, number>();
  knownSizes.set(schema, sizes);
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const first = field.args.find((argument) => argument.name === 'first');
      if (first)
        sizes.set(field.name, typeof first.defaultValue === 'number' ? first.defaultValue : LARGEST_PAGE);
    }
  }
  return sizes;
}

/** 1 where the field gives no page. */
function itemsOf(field: FieldNode, pages: ReadonlyMap<string, number>): number {
  const usual = pages.get(field.name.value);
  if (usual === undefined) return 1;
  const first = field.arguments?.find((argument) => argument.name.value === 'first')?.value;
  if (!first || first.kind === Kind.NULL) return usual;
  return first.kind === Kind.INT ? Math.max(1, Number(first.value)) : LARGEST_PAGE;
}
