/**
 * Templates rendered a second, against bare precompiled Handlebars (no bounds, no checks, no choice of locale) with the
 * same sources in the same run: `npm run bench:render`. Rounds alternate, the median counts.
 */
import Handlebars from 'handlebars';
import { compileTemplate } from '../subgraphs/templates/sources/compile-template.ts';

const ROUNDS = 15;
const ROUND_MS = 300;

const items = Array.from({ length: 10 }, (_, i) => ({ name: `Item ${i} & more`, price: 9.5 + i }));
const variables = {
  order: { id: 'A-1007', total: 104.5, items },
  shop: 'Tea & Co',
  paid: true,
  user: { name: 'Ann <Lee>', locale: 'en-GB' },
};

/** A short text, a whole e-mail with a loop, and conditions. */
const CASES = {
  'a short text': { body: '{{shop}}: order {{order.id}} is paid, {{user.name}}. Thank you!' },
  'an e-mail of ten items': {
    title: 'Order {{order.id}}',
    body: 'Hello {{user.name}}, order {{order.id}}: {{#each order.items}}{{name}} {{price}}, {{/each}}total {{order.total}}.',
    html: `<html><body><h1>Order {{order.id}}</h1><p>Hello {{user.name}},</p><table>{{#each order.items}}<tr><td>{{@index}}</td><td>{{name}}</td><td>{{price}}</td></tr>{{/each}}</table>{{#if paid}}<p>Paid: {{order.total}}</p>{{else}}<p>Open: {{order.total}}</p>{{/if}}<p>{{shop}}</p></body></html>`,
  },
  conditions: {
    body: '{{#if paid}}{{#unless order.open}}{{#with order}}{{id}} of {{@root.shop}}{{/with}}{{/unless}}{{else}}Open{{/if}} {{#if user.vip}}Dear {{/if}}{{user.name}}',
  },
} as const;

type Sources = { readonly title?: string; readonly body: string; readonly html?: string };

function ours(sources: Sources): () => number {
  const template = compileTemplate('bench', 1, {
    name: 'Bench',
    channels: ['EMAIL'],
    contents: [
      { channel: 'EMAIL', locale: 'de', ...sources },
      { channel: 'EMAIL', locale: 'en', ...sources },
    ],
  });
  return () => {
    const { title, body, html } = template.render('EMAIL', 'en-GB', variables);
    return (title?.length ?? 0) + body.length + (html?.length ?? 0);
  };
}

function bare(sources: Sources): () => number {
  const compiled = (['title', 'body', 'html'] as const).flatMap((part) => {
    const source = sources[part];
    return source === undefined
      ? []
      : [
          Handlebars.template(
            new Function(`return ${String(Handlebars.precompile(source, { noEscape: part !== 'html' }))}`)(),
          ),
        ];
  });
  return () => compiled.reduce((sum, template) => sum + template(variables).length, 0);
}

/** Renders a second. */
function rate(render: () => number): number {
  const start = performance.now();
  let count = 0;
  let now = start;
  for (; now - start < ROUND_MS; now = performance.now())
    for (let i = 0; i < 100; i++) {
      render();
      count++;
    }
  return (count / (now - start)) * 1_000;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const shown = (value: number): string => Math.round(value).toLocaleString('en');

console.log(
  '| template | Herald, renders/s | bare Handlebars, renders/s | ratio |\n| --- | --- | --- | --- |',
);
for (const [name, sources] of Object.entries(CASES)) {
  const [own, plain] = [ours(sources), bare(sources)];
  if (own() !== plain()) throw new Error(`${name}: the two do not make the same text`);
  for (const render of [own, plain]) rate(render);
  const rates = Array.from({ length: ROUNDS }, () => ({ own: rate(own), plain: rate(plain) }));
  const [ownRate, plainRate] = [median(rates.map((r) => r.own)), median(rates.map((r) => r.plain))];
  const ratio = median(rates.map((r) => r.own / r.plain));
  console.log(`| ${name} | ${shown(ownRate)} | ${shown(plainRate)} | ${ratio.toFixed(2)} |`);
}
