/** Whether a subgraph reads variables exactly as the graph does, so that coercing them once is enough. */
import {
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInputType,
  isScalarType,
  type OperationDefinitionNode,
  typeFromAST,
} from 'graphql';

/** Compares the types of the operation's variables, with every input type inside them. */
export function sameInputs(
  operation: OperationDefinitionNode,
  left: GraphQLSchema,
  right: GraphQLSchema,
): boolean {
  const seen = new Set<string>();
  return (operation.variableDefinitions ?? []).every((definition) => {
    const leftType = typeFromAST(left, definition.type);
    const rightType = typeFromAST(right, definition.type);
    return isInputType(leftType) && isInputType(rightType) && sameType(leftType, rightType, seen);
  });
}

function sameType(left: GraphQLInputType, right: GraphQLInputType, seen: Set<string>): boolean {
  if (String(left) !== String(right)) return false;
  const leftNamed = getNamedType(left);
  const rightNamed = getNamedType(right);
  if (seen.has(leftNamed.name)) return true;
  seen.add(leftNamed.name);
  if (isEnumType(leftNamed) && isEnumType(rightNamed))
    return sameNames(
      leftNamed.getValues().map((value) => value.name),
      rightNamed.getValues().map((value) => value.name),
    );
  if (isInputObjectType(leftNamed) && isInputObjectType(rightNamed)) {
    const leftFields = leftNamed.getFields();
    const rightFields = rightNamed.getFields();
    return (
      leftNamed.isOneOf === rightNamed.isOneOf &&
      sameNames(Object.keys(leftFields), Object.keys(rightFields)) &&
      Object.values(leftFields).every((field) => {
        const other = rightFields[field.name];
        return (
          other !== undefined &&
          JSON.stringify(field.defaultValue) === JSON.stringify(other.defaultValue) &&
          sameType(field.type, other.type, seen)
        );
      })
    );
  }
  return isScalarType(leftNamed) && isScalarType(rightNamed);
}

const sameNames = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && new Set([...left, ...right]).size === left.length;
