import { expect, test } from 'vitest';
import type { StoredContent, TemplateBody } from '../store/records.ts';
import { gatherVersion } from './gather-version.ts';

const body = (part: Partial<StoredContent>): TemplateBody => ({
  name: 'A',
  channels: ['WEB_PUSH'],
  contents: [{ channel: 'WEB_PUSH', body: 'x', ...part }],
});

test.each<[part: string, content: Partial<StoredContent>]>([
  ['title', { title: '{{package.shop}}' }],
  ['body', { body: '{{package.shop}}' }],
  ['html', { html: '<p>{{package.shop}}</p>' }],
  ['url', { url: 'https://{{package.host}}/' }],
  ['picture', { imageUrl: 'https://{{package.host}}/a.png' }],
  ['button', { actions: [{ title: '{{package.shop}}', url: 'https://a.example/' }] }],
  ["button's address", { actions: [{ title: 'Go', url: 'https://{{package.host}}/' }] }],
])('settings of its package are kept where a %s asks for them', async (_part, content) => {
  const { body: gathered } = await gatherVersion(body(content), async () => new Map(), '{"shop":"Acme"}');
  expect(gathered.settings).toBe('{"shop":"Acme"}');
});

test('and nowhere else: a change of theirs is none of its', async () => {
  const { body: gathered } = await gatherVersion(body({}), async () => new Map(), '{"shop":"Acme"}');
  expect(gathered.settings).toBeUndefined();
});
