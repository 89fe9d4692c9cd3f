import { expect, test } from 'vitest';
import { safeUrl } from './safe-url.ts';

test.each([
  ['https://shop.example/orders/7?tab=1#top', 'https://shop.example/orders/7?tab=1#top'],
  ['HTTP://shop.example', 'http://shop.example/'],
  ['/orders/7', '/orders/7'],
  ['orders/7?x=a:b', 'orders/7?x=a:b'],
  ['?tab=2', '?tab=2'],
  ['#top', '#top'],
  [' /orders/7 ', '/orders/7'],
])('%j may be followed', (url, expected) => {
  expect(safeUrl(url)).toBe(expected);
});

test.each([
  null,
  undefined,
  '',
  '  ',
  'javascript:alert(1)',
  ' JaVaScRiPt:alert(1)',
  'java\tscript:alert(1)',
  'java\nscript:alert(1)',
  '\u0001javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'file:///etc/passwd',
  'blob:https://shop.example/1',
  'mailto:a@example.com',
  '//elsewhere.example/x',
  '\\\\elsewhere.example/x',
  '/\\elsewhere.example/x',
  '/\t/elsewhere.example/x',
  'https://bank.example@elsewhere.example/',
  'https://',
  'http://[',
])('%j may not', (url) => {
  expect(safeUrl(url)).toBeUndefined();
});
