import { describe, expect, test } from 'vitest';
import { fileName } from './file-name.ts';

describe('fileName', () => {
  test.each([
    ['order.paid', 'order.paid'],
    ['.hidden', '%2Ehidden'],
    ['..', '%2E.'],
    ['a/b\\c:d*e', 'a%2Fb%5Cc%3Ad%2Ae'],
    ['größe', 'gr%C3%B6%C3%9Fe'],
  ])('the file for %s is %s', (id, name) => {
    expect(fileName(id)).toBe(name);
    expect(decodeURIComponent(name)).toBe(id);
  });
});
