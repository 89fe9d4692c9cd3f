import { buildSchema, getOperationAST, getVariableValues, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { variableErrors } from './variable-errors.ts';

const schema = buildSchema(`
  input Leaf { id: ID!, n: Int, words: String }
  input Tree { leaf: Leaf!, leaves: [Leaf!] }
  type Query { tree(input: Tree!): Int }
`);

function fieldsOf(variables: Record<string, unknown>) {
  const operation = getOperationAST(parse('query ($t: Tree!) { tree(input: $t) }'));
  if (!operation) throw new Error('no operation');
  const { errors } = getVariableValues(schema, operation.variableDefinitions ?? [], variables);
  return variableErrors(errors ?? [], schema, operation, variables).map(({ extensions }) => extensions);
}

describe('variableErrors', () => {
  it.each([
    ['no value', {}, ['input']],
    ['null', { t: null }, ['input']],
    ['no object', { t: 1 }, ['input']],
    ['a required field that is not there', { t: {} }, ['input.leaf']],
    ['one that is null', { t: { leaf: null } }, ['input.leaf']],
    ['one further in', { t: { leaf: { id: 'a' }, leaves: [{ id: 'b' }, { n: 1 }] } }, ['input.leaves.1.id']],
    ['a wrong type', { t: { leaf: { id: 'a', n: 'x' } } }, ['input.leaf.n']],
    ['an unknown field', { t: { leaf: { id: 'a', m: 1 } } }, ['input.leaf']],
    [
      'several',
      { t: { leaf: { n: 1.5 }, leaves: [{}] } },
      ['input.leaf.id', 'input.leaf.n', 'input.leaves.0.id'],
    ],
  ])('names the field: %s', (_name, variables, fields) => {
    const told = fieldsOf(variables);
    expect(told.map(({ field }) => field).toSorted()).toEqual(fields);
    expect(told.every(({ code }) => code === 'BAD_USER_INPUT')).toBe(true);
  });
});
