import { expect, test } from 'vitest';
import { compileSource } from './compile-source.ts';
import { fixedText } from './fixed-text.ts';

test.each([
  ['', ''],
  ['Hello', 'Hello'],
  ['Hello {{name}}!', 'Hello !'],
  ['{{#if a}}yes{{else}}no{{/if}} sir', ' sir'],
  ['a  {{~name~}}  b', 'ab'],
  ['a {{! a note }} b', 'a  b'],
  ['\\{{raw}} text', '{{raw}} text'],
  ['{{#each xs}}many{{/each}}', ''],
  ['line\n{{#if a}}\nyes\n{{/if}}\nend', 'line\nend'],
])('%j has %j for certain', (source, expected) => {
  expect(fixedText(source)).toBe(expected);
  // No message of it is shorter: without variables it makes the least.
  expect(compileSource('body', source)({}).length).toBeGreaterThanOrEqual(expected.length);
});
