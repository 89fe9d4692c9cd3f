import { buildSchema, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { sameInputs } from './same-inputs.ts';

const sdl = (inputs: string) => `scalar Date ${inputs} type Query { x(a: A, c: C, d: Date, n: Int): Int }`;
const BASE = 'input A { b: [B!]! n: Int = 1 } input B { a: A c: C } enum C { X Y }';
const operation = (query: string): OperationDefinitionNode => {
  const [definition] = parse(query).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no operation');
  return definition;
};

describe('sameInputs', () => {
  it.each([
    ['nothing differs', BASE, true],
    ['only descriptions differ', `"an A" ${BASE}`, true],
    ['a field more, deep inside', BASE.replace('c: C }', 'c: C d: Int }'), false],
    ['another nullability', BASE.replace('[B!]!', '[B!]'), false],
    ['another default', BASE.replace('= 1', '= 2'), false],
    ['another enum value', BASE.replace('X Y', 'X Z'), false],
    ['a field of another name', BASE.replace('n: Int = 1', 'm: Int = 1'), false],
  ])('%s', (_name, other, same) => {
    const query = operation('query ($a: A, $d: Date) { x(a: $a, d: $d) }');
    expect(sameInputs(query, buildSchema(sdl(BASE)), buildSchema(sdl(other)))).toBe(same);
  });
  it('looks only at the types that the operation uses', () => {
    const query = operation('query ($n: Int) { x(n: $n) }');
    expect(sameInputs(query, buildSchema(sdl(BASE)), buildSchema(sdl(BASE.replace('X Y', 'Z'))))).toBe(true);
  });
  it('is false for a type that one side does not have', () => {
    const query = operation('query ($z: Z) { x }');
    expect(sameInputs(query, buildSchema(`${sdl(BASE)} input Z { a: Int }`), buildSchema(sdl(BASE)))).toBe(
      false,
    );
  });
});
