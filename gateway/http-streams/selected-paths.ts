/** Finds fields of the schema again in results, which go by the names that the caller chose. */
import { type FieldNode, Kind, type SelectionNode } from 'graphql';
import type { SubscriptionPlan } from '../subscriptions/subscription-plan.ts';

type Document = Pick<SubscriptionPlan, 'document' | 'operation'>;

/** The field that a subscription subscribes to. */
export const rootFieldOf = ({ document, operation }: Document): FieldNode | undefined =>
  fieldsIn({ document, operation }, operation.selectionSet.selections)[0];

/**
 * Where the results of a valid operation have what the fields in `path` give, counted from its root field's value.
 * @returns several paths where the operation asks several times, none where it does not ask.
 */
export function selectedPaths(document: Document, path: readonly string[]): readonly (readonly string[])[] {
  const root = rootFieldOf(document);
  return root
    ? pathsIn(document, document.operation.selectionSet.selections, [root.name.value, ...path])
    : [];
}

function pathsIn(
  document: Document,
  selections: readonly SelectionNode[],
  [name, ...rest]: readonly string[],
): readonly (readonly string[])[] {
  if (name === undefined) return [[]];
  const byKey = Map.groupBy(
    fieldsIn(document, selections).filter((field) => field.name.value === name),
    (field) => field.alias?.value ?? field.name.value,
  );
  return [...byKey].flatMap(([key, fields]) =>
    pathsIn(
      document,
      fields.flatMap(({ selectionSet }) => selectionSet?.selections ?? []),
      rest,
    ).map((tail) => [key, ...tail]),
  );
}

/** With those of fragments. */
const fieldsIn = (document: Document, selections: readonly SelectionNode[]): readonly FieldNode[] =>
  selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT) return fieldsIn(document, selection.selectionSet.selections);
    const fragment = document.document.definitions.find(
      (definition) =>
        definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value,
    );
    return fragment?.kind === Kind.FRAGMENT_DEFINITION
      ? fieldsIn(document, fragment.selectionSet.selections)
      : [];
  });
