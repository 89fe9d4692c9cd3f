/** Bounds what one operation may ask for, before anything is planned or run. */
import {
  type ASTVisitor,
  type FragmentDefinitionNode,
  GraphQLError,
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
}

/** Well above what the console, the SDK and GraphiQL send. */
export const OPERATION_LIMITS: OperationLimits = { maxDepth: 15, maxAliases: 200, maxFields: 5_000 };

interface Size {
  readonly depth: number;
  readonly aliases: number;
  readonly fields: number;
}
const NOTHING: Size = { depth: 0, aliases: 0, fields: 0 };

/** A validation rule that refuses operations beyond `limits`. Introspection is bounded by the schema, so its depth is not counted. */
export const operationLimitsRule =
  (limits: OperationLimits) =>
  (context: ValidationContext): ASTVisitor => {
    const sizes = new Map<string, Size>();

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
      let { depth, aliases, fields } = NOTHING;
      for (const selection of selectionSet.selections) {
        let size: Size;
        if (selection.kind === Kind.FIELD) {
          const inner = selection.selectionSet ? sizeOf(selection.selectionSet) : NOTHING;
          const introspection = selection.name.value.startsWith('__');
          size = {
            depth: introspection ? 1 : inner.depth + 1,
            aliases: inner.aliases + (selection.alias ? 1 : 0),
            fields: inner.fields + 1,
          };
        } else if (selection.kind === Kind.INLINE_FRAGMENT) size = sizeOf(selection.selectionSet);
        else size = sizeOfFragment(selection.name.value);
        depth = Math.max(depth, size.depth);
        aliases += size.aliases;
        fields += size.fields;
      }
      return { depth, aliases, fields };
    };

    return {
      OperationDefinition(node) {
        const { depth, aliases, fields } = sizeOf(node.selectionSet);
        const refuse = (message: string) => context.reportError(new GraphQLError(message, { nodes: node }));
        if (depth > limits.maxDepth)
          refuse(`The operation is ${depth} fields deep; at most ${limits.maxDepth} are answered.`);
        if (aliases > limits.maxAliases)
          refuse(`The operation has ${aliases} aliases; at most ${limits.maxAliases} are answered.`);
        if (fields > limits.maxFields)
          refuse(`The operation selects ${fields} fields; at most ${limits.maxFields} are answered.`);
      },
    };
  };
