import { expect, test } from 'vitest';
import { renderedSizeProblem, sizeProblem } from './size-problem.ts';

const x = (count: number) => 'x'.repeat(count);

test.each([
  [[{ channel: 'SMS' as const, body: x(1_600) }]],
  [[{ channel: 'SMS' as const, body: `${x(1_600)}{{name}}` }]],
  // A block may make nothing.
  [[{ channel: 'SMS' as const, body: `{{#if long}}${x(5_000)}{{/if}}Hi` }]],
  [[{ channel: 'SMS' as const, title: ` ${' '.repeat(100)}T`, body: x(1_598) }]],
  [[{ channel: 'EMAIL' as const, body: x(60_000), html: x(60_000) }]],
  [[{ channel: 'WEB_PUSH' as const, body: x(60_000) }]],
  [[{ channel: 'SMS' as const, body: x(5_000), oversize: 'TRUNCATE' as const }]],
  [[{ channel: 'SLACK' as const, body: '🎉'.repeat(12_000) }]],
])('%# fits', async (contents) => {
  expect(sizeProblem(contents)).toBeUndefined();
});

test('of several contents, the one that is too large is named', async () => {
  const problem = sizeProblem([
    { channel: 'EMAIL', body: x(5_000) },
    { channel: 'SMS', locale: 'de', body: `${x(1_000)}{{name}}${x(601)}` },
  ]);
  expect(problem).toEqual({
    field: 'contents.1.body',
    message:
      'The content for SMS (de) has 1601 characters before any variable is put in; SMS takes at most 1600. Make its body shorter, or let it be cut with "oversize: TRUNCATE".',
  });
});

test.each([
  ['the title counts too', { channel: 'SMS' as const, title: 'Title', body: x(1_599) }],
  ['bytes, where the channel counts them', { channel: 'DINGTALK' as const, body: '好'.repeat(6_700) }],
])('%s', async (_, content) => {
  expect(sizeProblem([content])?.field).toBe('contents.0.body');
});

test('a title that no cut of the body can help', async () => {
  const content = { channel: 'SMS', title: x(1_601), body: x(9), oversize: 'TRUNCATE' } as const;
  expect(sizeProblem([content])?.field).toBe('contents.0.title');
});

test('a rendered message is told with its content, size and limit', () => {
  const content = { channel: 'SMS', locale: 'default', field: 'contents.2', truncated: false } as const;
  const of = (plain: string) => renderedSizeProblem({ ...content, body: plain, plain });
  expect(of(x(1_600))).toBeUndefined();
  expect(of(x(1_601))).toEqual({
    field: 'contents.2.body',
    message:
      'The content for SMS (no locale) has 1601 characters with these variables; SMS takes at most 1600. Make it shorter, or let it be cut with "oversize: TRUNCATE"; "allowOversize: true" shows it all the same.',
  });
});

test('html that no render would give', async () => {
  const mail = { channel: 'EMAIL', body: 'x' } as const;
  const most = 2 * 1024 * 1024;
  expect(sizeProblem([{ ...mail, html: `${x(most)}{{a}}` }])).toBeUndefined();
  expect(sizeProblem([{ ...mail, html: `{{#if a}}${x(most + 1)}{{/if}}` }])).toBeUndefined();
  expect(sizeProblem([mail, { ...mail, html: `${x(most)}{{a}}y` }])).toEqual({
    field: 'contents.1.html',
    message: expect.stringContaining('2097153 characters') as string,
  });
});
