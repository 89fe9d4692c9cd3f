import { expect, test } from 'vitest';
import { compileSource } from '../compile-source.ts';
import { plainTwin } from './plain-twin.ts';
import { writeOutPartials } from './write-out-partials.ts';

const partials = {
  row: '<tr><td>{{label}}: {{#each items}}{{name}} {{../label}}{{label}};{{/each}}</td></tr>',
  wrapper: '{{> row label=word}}',
  sum: '<b>{{#if label}}{{upper label}}{{else}}none{{/if}}</b>',
  box: '<div>{{> @partial-block}}</div>',
  legal: '{{company}} Ltd',
  person: '<i>{{name}}</i>',
};
const variables = {
  word: 'W',
  items: [
    { name: 'a', label: 'x' },
    { name: 'b', label: 'y' },
  ],
  others: [{ name: 'c', label: 'z' }],
  company: 'C',
  boss: { name: 'Bo' },
};

test.each([
  ['{{> row label="R&D"}}'],
  ['{{> row label=word}}'],
  ['{{#each items}}{{> row label=name items=@root.others}}{{/each}}'],
  ['{{> wrapper}}'],
  ['{{> sum label=boss.name}}{{> sum label="lit"}}{{> sum}}'],
  ['{{#> box}}in {{word}}{{> legal}}{{/box}}'],
  ['{{> person boss}}'],
  ['{{#if word}}\n  {{> person name=word}}\n{{/if}}'],
])('%s makes the same', (source) => {
  const made = writeOutPartials(source, partials);
  expect(made).not.toMatch(/> (?:row|wrapper|sum|box|person)/);
  const squeezed = (html: string) => html.replace(/\s+/g, ' ').trim();
  expect(squeezed(compileSource('html', made, partials)(variables))).toBe(
    squeezed(compileSource('html', source, partials)(variables)),
  );
});

test('what has no tags stays a call; what cannot be followed is told', () => {
  expect(writeOutPartials('{{> legal}}', partials)).toBe('{{> legal}}');
  expect(() => writeOutPartials('{{> sum label="a" }}{{> row label=(upper word)}}', partials)).toThrow(
    'A partial\'s parameter ("label=(upper word)") cannot be followed into its html.',
  );
});

test('a text has no tags of partials', async () => {
  const text = plainTwin(
    '<table>{{> row label="Of"}}</table><p><a href="mailto:a@example.org">a@example.org</a></p>',
    partials,
  );
  expect(compileSource('body', text)(variables)).toBe('Of: a Ofx;b Ofy;\n\na@example.org');
});
