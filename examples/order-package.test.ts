/**
 * What the package in `order-package` makes, in all channels and languages: `golden/` has it to be read and, for
 * e-mails, to be opened in a browser. `npx vitest run examples -u` writes it anew.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { routeBody } from '../subgraphs/templates/input/route-input.ts';
import type { SourcedContent } from '../subgraphs/templates/sources/compile-template.ts';
import { lint } from '../subgraphs/templates/sources/lint/lint.ts';
import { partialsProblem } from '../subgraphs/templates/sources/partial-set.ts';
import { renderedSizeProblem } from '../subgraphs/templates/sources/size-problem.ts';
import {
  type ExamplePreview,
  examplePackage,
  examplePreviews,
  storedContents,
} from '../testing/example-package.ts';

const GOLDEN = join(import.meta.dirname, 'golden');
const orders = await examplePackage();
let previews: readonly ExamplePreview[] = [];
beforeAll(async () => {
  vi.useFakeTimers({ now: new Date('2026-03-10T12:00:00Z'), toFake: ['Date'] });
  previews = await examplePreviews(orders);
});
afterAll(() => {
  vi.useRealTimers();
});

function written({ channel, locale, title, body, url, imageUrl, data }: SourcedContent): string {
  const lines = [
    `== ${channel} (${locale})`,
    ...(title === undefined ? [] : [`title: ${title}`]),
    ...(url === undefined ? [] : [`url: ${url}`]),
    ...(imageUrl === undefined ? [] : [`picture: ${imageUrl}`]),
    '',
    body,
    ...(data === undefined ? [] : ['', JSON.stringify(data, null, 2)]),
  ];
  return `${lines.join('\n')}\n`;
}

test('each template makes the same as it did, for readers of English, Chinese and Arabic', async () => {
  expect(previews).toHaveLength(orders.templates.length * 3);
  for (const { template, locale, contents } of previews) {
    await expect(contents.map(written).join('\n')).toMatchFileSnapshot(`${GOLDEN}/${template}.${locale}.txt`);
    const mail = contents.find(({ channel }) => channel === 'EMAIL');
    await expect(mail?.html).toMatchFileSnapshot(`${GOLDEN}/${template}.${locale}.html`);
  }
});

test('every reader gets their own language, what is inserted is no markup, and nothing is too large', () => {
  for (const { template, locale, contents } of previews)
    for (const content of contents) {
      const what = `${template} ${content.channel} ${locale}`;
      if (content.locale !== 'default') expect(content.locale, what).toBe(locale);
      expect(renderedSizeProblem(content), what).toBeUndefined();
      expect(JSON.stringify(content), what).not.toMatch(/\{\{|undefined|\[object/);
      expect(content.html ?? '', what).not.toMatch(/<L>|<حداد>|<\/?mj/);
    }
});

describe('nothing is found in', () => {
  test('its partials', () => expect(partialsProblem(orders.partials)).toBeUndefined());
  test.each(orders.templates.map((template) => [template.id, template] as const))('%s', (_, template) =>
    expect(
      lint({
        contents: storedContents(template),
        variables: template.variables,
        partials: orders.partials,
        settings: orders.settings,
      }),
    ).toEqual([]),
  );
});

test('its routes send templates of the package, and lead to no circle', () => {
  const templates = new Set(orders.templates.map(({ id }) => id));
  const bodies = new Map(orders.routes.map((route) => [route.event, routeBody(route)]));
  for (const [event, { actions, followUps, cancelOn }] of bodies) {
    for (const { template } of actions) expect(templates, event).toContain(template);
    for (const next of [...followUps.map((followUp) => followUp.event), ...cancelOn])
      expect(bodies.has(next), next).toBe(true);
  }
});
