import { expect, it } from 'vitest';
import { textProblem } from './text-problem.ts';

it.each(['', 'Grüße, 世界\n\t👩‍👩‍👧', '\u200b\u202e', '\x1b[1m'])('%j can be kept', (text) => {
  expect(textProblem(text)).toBeUndefined();
});

it.each(['\0', 'a\0b', '\ud800', 'a\udc00b', '👩'.slice(0, 1)])('%j cannot', (text) => {
  expect(textProblem(text)).toBe('Must be well-formed Unicode, without null characters.');
});
