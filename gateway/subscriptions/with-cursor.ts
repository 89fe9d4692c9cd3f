/** Makes an operation ask for the cursor of each event, and take the cursor to begin with from a variable. */
import {
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parseType,
  TypeInfo,
  type ValueNode,
  valueFromASTUntyped,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { Resumable, ResumableFields } from './resumable.ts';

type Variables = Readonly<Record<string, unknown>>;

/** How a planned subscription is taken up again. */
export interface ResumePlan {
  /** Of the primary operation: takes the cursor. */
  readonly variable: string;
  /** The cursor that the caller gave: undefined without, null where null was given. */
  startCursor(coerced: Variables): unknown;
  /** The cursor of an event of the primary operation, if it has one. */
  cursorOf(event: ExecutionResult): unknown;
}

export interface WithCursor {
  /** To be planned in place of the caller's. What it asks for in addition is not in the caller's operation. */
  readonly document: DocumentNode;
  readonly resume: ResumePlan;
}

/** @returns nothing where the operation's field is not resumable. The document must be valid. */
export function withCursor(
  schema: GraphQLSchema,
  resumable: ResumableFields,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): WithCursor | undefined {
  const root = schema.getSubscriptionType();
  const fragments = document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION);
  const name = unusedName(document);
  const typeInfo = new TypeInfo(schema);
  let found: { readonly how: Resumable; readonly field: FieldNode } | undefined;
  const changed: DocumentNode = visit(
    { ...document, definitions: [operation, ...fragments] },
    visitWithTypeInfo(typeInfo, {
      Field: {
        // On the way out, so that what is added is not visited.
        leave(field) {
          const how = typeInfo.getParentType() === root ? resumable.get(field.name.value) : undefined;
          if (!how || !field.selectionSet) return undefined;
          found ??= { how, field };
          return asking(field, how, name);
        },
      },
    }),
  );
  if (!found) return undefined;
  const { how, field } = found;
  const given = field.arguments?.find((argument) => argument.name.value === how.argument)?.value;
  const key = field.alias?.value ?? field.name.value;
  return {
    document: {
      ...changed,
      definitions: changed.definitions.map((definition) => declaring(definition, how, name)),
    },
    resume: {
      variable: name,
      startCursor: (coerced) => given && valueFromASTUntyped(given, { ...coerced }),
      cursorOf: ({ data }) => {
        const event = data?.[key];
        if (
          how.onlyIf &&
          at(
            event,
            how.onlyIf.path.map(() => `${name}If`),
          ) !== how.onlyIf.value
        )
          return undefined;
        return (
          at(
            event,
            how.cursor.map(() => name),
          ) ?? undefined
        );
      },
    },
  };
}

/** Hidden selections go by aliases that the caller does not use. */
function unusedName(document: DocumentNode): string {
  const text = document.loc?.source.body ?? '';
  let name = 'heraldCursor';
  while (text.includes(name)) name += '_';
  return name;
}

const nameNode = (value: string) => ({ kind: Kind.NAME, value }) as const;

const variableNode = (name: string): ValueNode => ({ kind: Kind.VARIABLE, name: nameNode(name) });

/** `a.b` as `alias: a { alias: b }`. */
function selecting(path: readonly string[], alias: string): FieldNode {
  const [first = '', ...rest] = path;
  return {
    kind: Kind.FIELD,
    alias: nameNode(alias),
    name: nameNode(first),
    ...(rest.length > 0 && {
      selectionSet: { kind: Kind.SELECTION_SET, selections: [selecting(rest, alias)] },
    }),
  };
}

const asking = (field: FieldNode, how: Resumable, name: string): FieldNode => ({
  ...field,
  arguments: [
    ...(field.arguments ?? []).filter((argument) => argument.name.value !== how.argument),
    { kind: Kind.ARGUMENT, name: nameNode(how.argument), value: variableNode(name) },
  ],
  selectionSet: {
    kind: Kind.SELECTION_SET,
    selections: [
      ...(field.selectionSet?.selections ?? []),
      selecting(how.cursor, name),
      ...(how.onlyIf ? [selecting(how.onlyIf.path, `${name}If`)] : []),
    ],
  },
});

function declaring(
  definition: DocumentNode['definitions'][number],
  how: Resumable,
  name: string,
): DocumentNode['definitions'][number] {
  if (definition.kind !== Kind.OPERATION_DEFINITION) return definition;
  return {
    ...definition,
    variableDefinitions: [
      ...(definition.variableDefinitions ?? []),
      {
        kind: Kind.VARIABLE_DEFINITION,
        variable: { kind: Kind.VARIABLE, name: nameNode(name) },
        type: parseType(how.argumentType),
      },
    ],
  };
}

function at(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Readonly<Record<string, unknown>>)[step];
  }
  return current;
}
