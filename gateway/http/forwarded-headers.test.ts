import { expect, it } from 'vitest';
import { forwardedHeaders } from './forwarded-headers.ts';

it('takes the named ones, what connection_init says first', () => {
  const headers = { 'x-a': 'header', 'x-b': 'header', 'x-list': ['1', '2'], cookie: 'secret' };
  expect(forwardedHeaders(['x-a', 'x-b', 'x-list', 'x-none'], headers, { 'X-B': 'init', 'x-a': 7 })).toEqual({
    'x-a': 'header',
    'x-b': 'init',
    'x-list': '1, 2',
  });
});
