import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { confirmPage, donePage, UNSUBSCRIBE_PAGE_HEADERS } from './unsubscribe-page.ts';

describe('the page', () => {
  const html = confirmPage({ category: 'a<b>&"c', address: 'jane@example.org' });

  it('asks by a form that sends what a mail program sends', () => {
    expect(html).toContain('<form method="post">');
    expect(html).toContain('name="List-Unsubscribe" value="One-Click"');
    expect(html).not.toContain('<script');
  });

  it('escapes, and does not tell the whole address', () => {
    expect(html).toContain('“a&lt;b&gt;&amp;&quot;c”');
    expect(html).toContain('j…@example.org');
    expect(html).not.toContain('jane');
    expect(donePage({ category: '<i>' })).toContain('“&lt;i&gt;”');
  });

  it('its policy allows its own style', () => {
    const style = /<style>(.*)<\/style>/.exec(html)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(UNSUBSCRIBE_PAGE_HEADERS['content-security-policy']).toContain(`'sha256-${hash}'`);
  });
});
