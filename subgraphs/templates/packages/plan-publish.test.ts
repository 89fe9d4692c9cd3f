import { describe, expect, test } from 'vitest';
import type { RouteAction, RouteBody } from '../contract.ts';
import { disagreements, withPins } from './plan-publish.ts';

const schema = (properties: Record<string, unknown>) => JSON.stringify({ type: 'object', properties });

describe('disagreements', () => {
  test.each([
    ['no schema', [undefined, schema({ n: { type: 'string' } })], 0],
    ['the same', [schema({ n: { type: 'string' } }), schema({ n: { type: 'string' } })], 0],
    [
      'a number that may be an integer',
      [schema({ n: { type: 'number' } }), schema({ n: { type: 'integer' } })],
      0,
    ],
    ['no type', [schema({ n: {} }), schema({ n: { type: 'integer' } })], 0],
    ['a list of types', [schema({ n: { type: ['string', 'null'] } }), schema({ n: { type: 'object' } })], 0],
    ['two types', [schema({ n: { type: 'string' } }), schema({ n: { type: 'object' } })], 1],
    [
      'two types, twice',
      [
        schema({ n: { type: 'string' } }),
        schema({ n: { type: 'object' } }),
        schema({ n: { type: 'array' } }),
      ],
      2,
    ],
    ['a schema without properties', ['true', schema({ n: { type: 'object' } })], 0],
  ] as const)('%s', (_what, schemas, count) => {
    const templates = schemas.map((variables, index) => ({ template: `t${index}`, variables }));
    expect(disagreements(templates)).toHaveLength(count);
  });

  test('says which', () => {
    expect(
      disagreements([
        { template: 'a', variables: schema({ order: { type: 'string' } }) },
        { template: 'b', variables: schema({ order: { type: 'object' } }) },
      ]),
    ).toEqual(['Its templates "a" and "b" want "order" to be string and object: no event has both.']);
  });
});

describe('withPins', () => {
  const action = (template: string, templateVersion?: number): RouteAction => ({
    name: template,
    template,
    recipients: [{ caller: true }],
    channels: [],
    ...(templateVersion !== undefined && { templateVersion }),
  });
  const route: RouteBody = {
    actions: [action('paid', 1), action('support', 2)],
    priority: 'MEDIUM',
    delaySeconds: 0,
    cancelOn: [],
    quietHours: 'HOLD',
    followUps: [],
  };
  test('templates of the package have their versions, others none, and old ones go', () => {
    expect(withPins(route, new Map([['paid', 3]])).actions).toEqual([action('paid', 3), action('support')]);
    expect(withPins(route, new Map()).actions).toEqual([action('paid'), action('support')]);
  });
});
