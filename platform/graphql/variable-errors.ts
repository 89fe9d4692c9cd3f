/** Names the wrong input: variables that do not fit their type, with the path the contract promises in `extensions.field`. */
import {
  type ASTNode,
  coerceInputValue,
  GraphQLError,
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  typeFromAST,
  visit,
} from 'graphql';

type Variables = Readonly<Record<string, unknown>>;

/**
 * Gives the errors of graphql-js's variable coercion the code BAD_USER_INPUT and their `field`, for example
 * `input.to.0.user`: the argument (or input field) that the variable stands for, then the path inside the value.
 */
export function variableErrors(
  errors: readonly GraphQLError[],
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  variables: Variables,
): GraphQLError[] {
  const fields = wrongFields(schema, operation, variables);
  // graphql-js reports in the same order, one error a wrong value.
  return errors.map((error, index) => {
    const field = fields[index];
    return new GraphQLError(error.message, {
      ...(error.nodes && { nodes: error.nodes }),
      extensions: { code: 'BAD_USER_INPUT', ...(field !== undefined && { field }) },
    });
  });
}

function wrongFields(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  variables: Variables,
): string[] {
  const fields: string[] = [];
  for (const definition of operation.variableDefinitions ?? []) {
    const name = definition.variable.name.value;
    const type = typeFromAST(schema, definition.type);
    if (!isInputType(type)) continue;
    const value = variables[name];
    if (value === undefined && definition.defaultValue) continue;
    if (value === undefined || value === null) {
      if (isNonNullType(type)) fields.push(usageOf(operation, name));
      continue;
    }
    coerceInputValue(value, type, (path, wrong, error) =>
      fields.push([usageOf(operation, name), ...path, ...missingFrom(wrong, error)].join('.')),
    );
  }
  return fields;
}

/** graphql-js tells of a required field that is not there with the path of the object, and its name in the sentence alone. */
const missingFrom = (wrong: unknown, { message }: GraphQLError): string[] => {
  const name = /^Field "(\w+)" of required type .* was not provided\.$/.exec(message)?.[1];
  return name !== undefined && wrong !== null && typeof wrong === 'object' && !Object.hasOwn(wrong, name)
    ? [name]
    : [];
};

/** Where the operation hands the variable over: `input`, or `input.to` for a variable inside an object literal. */
function usageOf(operation: OperationDefinitionNode, variable: string): string {
  let usage: string | undefined;
  visit(operation, {
    VariableDefinition: () => false,
    Variable(node, _key, parent, _path, ancestors) {
      if (node.name.value !== variable || usage !== undefined) return;
      const names = [...ancestors, ...(parent ? [parent] : [])].flatMap(namesOf);
      if (names.length > 0) usage = names.join('.');
    },
  });
  return usage ?? variable;
}

const namesOf = (ancestor: ASTNode | readonly ASTNode[]): string[] =>
  'kind' in ancestor && (ancestor.kind === Kind.ARGUMENT || ancestor.kind === Kind.OBJECT_FIELD)
    ? [ancestor.name.value]
    : [];
