/** What a schema lacks of the public contract. Further types, fields, optional arguments and enum values are fine. */
import {
  astFromValue,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isUnionType,
  print,
} from 'graphql';

/**
 * One sentence for each difference that a caller of the contract could notice: a type, field, argument, input
 * field or enum value that is missing, has another type, kind or default, or that newly must be given.
 * Descriptions and directives may differ.
 */
export function contractDifferences(contract: GraphQLSchema, actual: GraphQLSchema): string[] {
  return Object.values(contract.getTypeMap())
    .filter((type) => !isIntrospectionType(type))
    .flatMap((type) => typeDifferences(type, actual.getType(type.name)));
}

function typeDifferences(wanted: GraphQLNamedType, actual: GraphQLNamedType | undefined): string[] {
  const { name } = wanted;
  if (!actual) return [`${name} is missing`];
  if (wanted.constructor !== actual.constructor)
    return [`${name} is a ${actual.constructor.name}, not a ${wanted.constructor.name}`];
  if (
    (isObjectType(wanted) || isInterfaceType(wanted)) &&
    (isObjectType(actual) || isInterfaceType(actual))
  ) {
    const fields = actual.getFields();
    return Object.values(wanted.getFields()).flatMap((field) => {
      const path = `${name}.${field.name}`;
      const there = fields[field.name];
      if (!there) return [`${path} is missing`];
      return [...sameType(path, field, there), ...inputs(path, field.args, there.args, isRequiredArgument)];
    });
  }
  if (isInputObjectType(wanted) && isInputObjectType(actual))
    return inputs(
      name,
      Object.values(wanted.getFields()),
      Object.values(actual.getFields()),
      isRequiredInputField,
    );
  if (isEnumType(wanted) && isEnumType(actual))
    return wanted
      .getValues()
      .filter((value) => !actual.getValue(value.name))
      .map((value) => `${name}.${value.name} is missing`);
  if (isUnionType(wanted) && isUnionType(actual)) {
    const members = new Set(actual.getTypes().map((type) => type.name));
    return wanted
      .getTypes()
      .filter((type) => !members.has(type.name))
      .map((type) => `${name} lacks ${type.name}`);
  }
  return [];
}

type Input = GraphQLArgument | GraphQLInputField;

/** Arguments of a field, or fields of an input object. */
function inputs<T extends Input>(
  owner: string,
  wanted: readonly T[],
  actual: readonly T[],
  isRequired: (input: T) => boolean,
): string[] {
  const byName = new Map(actual.map((input) => [input.name, input]));
  const names = new Set(wanted.map((input) => input.name));
  return [
    ...wanted.flatMap((input) => {
      const path = `${owner}(${input.name})`;
      const there = byName.get(input.name);
      if (!there) return [`${path} is missing`];
      const [want, have] = [shownDefault(input), shownDefault(there)];
      return [
        ...sameType(path, input, there),
        ...(want === have ? [] : [`${path} has the default ${have}, not ${want}`]),
      ];
    }),
    ...actual
      .filter((input) => !names.has(input.name) && isRequired(input))
      .map((input) => `${owner}(${input.name}) is new and must be given`),
  ];
}

const sameType = (path: string, wanted: { type: unknown }, actual: { type: unknown }): string[] =>
  String(wanted.type) === String(actual.type) ? [] : [`${path} is ${actual.type}, not ${wanted.type}`];

function shownDefault(input: Input): string {
  if (input.defaultValue === undefined) return 'none';
  const ast = astFromValue(input.defaultValue, input.type);
  return ast ? print(ast) : 'none';
}
