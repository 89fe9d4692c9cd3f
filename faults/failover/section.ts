/** The section of docs/reliability.md on two accounts. Pure. */
import type { Figure } from './figures.ts';
import type { FailoverRow } from './run-scenario.ts';

/** What `results.json` has: of the last long form. */
export interface FailoverReport {
  readonly at: string;
  readonly machine: string;
  readonly engines: readonly string[];
  readonly rows: readonly FailoverRow[];
}

export const HEADING = '## Accounts: failover, breaker, rate limits';

const shown = (value: number | undefined, unit: Figure['unit']): string =>
  value === undefined
    ? '–'
    : `${value.toLocaleString('en', { maximumFractionDigits: 2 })}${unit === '' ? '' : ` ${unit}`}`;

const bound = ({ atLeast, atMost, unit }: Figure): string => {
  if (atLeast === atMost && atMost !== undefined) return shown(atMost, unit);
  const both = [
    atLeast !== undefined && `≥ ${shown(atLeast, unit)}`,
    atMost !== undefined && `≤ ${shown(atMost, unit)}`,
  ];
  return both.filter(Boolean).join(', ');
};

const part = ({ title, about, ratePerSecond, sent, figures, problems }: FailoverRow): string => `### ${title}

${about} ${sent.toLocaleString('en')} messages at ${ratePerSecond}/s.

| Figure | Value | Bound |
| --- | --- | --- |
${figures.map((figure) => `| ${figure.what} | ${shown(figure.value, figure.unit)} | ${bound(figure)} |`).join('\n')}
${problems.length === 0 ? '' : `\nBROKEN: ${problems.join('; ')}\n`}`;

export const failoverSection = ({ at, machine, engines, rows }: FailoverReport): string => `${HEADING}

\`npm run test:failover -- --long\` offers messages at a fixed rate to a gateway, two dispatchers and a scheduler, as processes
of their own, with two SMS accounts: the provider \`twilio\` with its API address pointed at a fake that takes 20 ms for an
answer. Unless said otherwise the accounts are a workspace's, saved through the graph, and a third of the messages are
webhooks, the channel beside it. Each line with a bound is a check that can fail; its short form is a part of the tests.
Times are from the client's sending to the provider's taking. A dispatcher has 8 attempts under way with an
account at first, and up to 50 while they are answered and used: so many can meet a failure that nobody has heard of yet.

${at.slice(0, 10)}, ${machine}; ${engines.join('; ')}. Everything shares the machine.

${rows.map(part).join('\n')}`;

/** The page with the section in the place of the former one, or at its end. */
export function withSection(page: string, section: string): string {
  const start = page.indexOf(HEADING);
  if (start < 0) return `${page.trimEnd()}\n\n${section.trimEnd()}\n`;
  const next = page.indexOf('\n## ', start + HEADING.length);
  const after = next < 0 ? '' : `\n${page.slice(next).trimStart()}`;
  return `${page.slice(0, start)}${section.trimEnd()}\n${after}`;
}
