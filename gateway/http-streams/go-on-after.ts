/** Makes an operation go on after an event. */
import {
  type ArgumentNode,
  type DocumentNode,
  type GraphQLSchema,
  getNullableType,
  Kind,
  parseType,
  print,
  separateOperations,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { Resumable } from '../subscriptions/resumable.ts';
import type { SubscriptionPlan } from '../subscriptions/subscription-plan.ts';
import { rootFieldOf } from './selected-paths.ts';
import type { OperationParams } from './stream-params.ts';

/**
 * The same operation with `cursor` for its cursor argument, whatever it had there. The cursor is a variable's value,
 * so that the document is planned once and not anew for each cursor.
 */
export function goOnAfter(
  cursor: string,
  params: OperationParams,
  plan: SubscriptionPlan,
  { argument }: Resumable,
  schema: GraphQLSchema,
): OperationParams {
  const given = rootFieldOf(plan)?.arguments?.find(({ name }) => name.value === argument)?.value;
  if (given?.kind === Kind.VARIABLE)
    return { ...params, variables: { ...params.variables, [given.name.value]: cursor } };
  const variable = unusedName(params.query);
  return {
    ...params,
    query: print(withVariable(plan, argument, variable, schema)),
    variables: { ...params.variables, [variable]: cursor },
  };
}

function unusedName(query: string): string {
  let name = 'lastEventId';
  while (query.includes(name)) name += '_';
  return name;
}

function withVariable(
  { document, operation }: SubscriptionPlan,
  argument: string,
  variable: string,
  schema: GraphQLSchema,
): DocumentNode {
  const root = schema.getSubscriptionType();
  const typeInfo = new TypeInfo(schema);
  const use = { kind: Kind.VARIABLE, name: { kind: Kind.NAME, value: variable } } as const;
  const takingCursor: ArgumentNode = {
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: argument },
    value: use,
  };
  // Other operations would share the fragments, but not the variable.
  const alone = separateOperations(document)[operation.name?.value ?? ''] ?? document;
  let type = 'ID';
  const changed: DocumentNode = visit(
    alone,
    visitWithTypeInfo(typeInfo, {
      Field(field) {
        if (typeInfo.getParentType() !== root) return undefined;
        const taken = typeInfo.getFieldDef()?.args.find(({ name }) => name === argument)?.type;
        if (taken) type = String(getNullableType(taken));
        return {
          ...field,
          arguments: [...(field.arguments ?? []).filter(({ name }) => name.value !== argument), takingCursor],
        };
      },
    }),
  );
  return {
    ...changed,
    definitions: changed.definitions.map((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION
        ? {
            ...definition,
            variableDefinitions: [
              ...(definition.variableDefinitions ?? []),
              { kind: Kind.VARIABLE_DEFINITION, variable: use, type: parseType(type) },
            ],
          }
        : definition,
    ),
  };
}
