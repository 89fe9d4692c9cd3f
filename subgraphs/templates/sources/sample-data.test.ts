import { expect, test } from 'vitest';
import { sampleData } from './sample-data.ts';

test.each<[unknown, unknown]>([
  [undefined, {}],
  [{ required: ['a'] }, {}],
  [{ examples: [{ a: 1 }], properties: { a: { default: 2 } } }, { a: 1 }],
  [{ examples: ['text'] }, {}],
  [
    {
      properties: {
        order: { properties: { id: { examples: ['A-1', 'A-2'] }, total: { type: 'number' } } },
        state: { enum: ['paid', 'open'] },
        kind: { const: 'x' },
        count: { default: 0 },
        items: { type: 'array', items: { properties: { name: { examples: ['Tea'] } } } },
        unknown: { type: 'string' },
        __proto__x: true,
      },
    },
    { order: { id: 'A-1' }, state: 'paid', kind: 'x', count: 0, items: [{ name: 'Tea' }] },
  ],
])('%j', (schema, sample) => {
  expect(sampleData(schema)).toEqual(sample);
});
