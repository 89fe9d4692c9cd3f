/** docs/reliability.md, from a run. */
import { cpus, totalmem } from 'node:os';
import type { SuiteResult } from '../suite.ts';
import { markdownTable, passed } from './table.ts';

/** @param minutes that the run took. */
export function reliabilityPage(result: SuiteResult, at: Date, minutes: number): string {
  const [cpu] = cpus();
  const broken = result.rows.filter((row) => !passed(row));
  const total = (of: 'sent' | 'acknowledged' | 'lost' | 'unexpected' | 'duplicated') =>
    result.rows.reduce((sum, row) => sum + row[of], 0).toLocaleString('en');
  return `# Reliability

Every accepted message ends: it is received, or it is FAILED (a dead letter that a person can see and replay), SKIPPED with
a reason, EXPIRED or CANCELED. \`npm run test:faults -- --long\` breaks Herald in the ways below and checks that after each.
This page is written by that run; its short form (\`npm run test:faults\`) is a part of the tests.

## How it is checked

Two gateways, two dispatchers and two schedulers run as processes of their own, with a real Redis (append-only file) and a
MongoDB server, a TCP proxy in each link, and a provider stub for webhooks and e-mail that syncs each message to disk before
it answers. A client offers messages at a fixed rate whatever becomes of them: webhooks, e-mails and in-app messages, some
with an expiry, some for later, some cancelled. It syncs each message to disk before it sends it and each acknowledgement
when it has it, and repeats what is not acknowledged with the same idempotency key. After each fault the system drains, and
the sets are compared:

- **lost**: acknowledged, and neither received nor FAILED, SKIPPED, EXPIRED or CANCELED. Must be 0, for every recipient and
  channel.
- **unexpected**: received or stored, and never sent. Must be 0.
- **duplicated**: received more than once by the provider. At most what was in flight when something broke (in brackets),
  each under the same idempotency key; nothing is ever twice in an inbox.
- Nothing is received after its expiry, before its time, or after its cancel was confirmed; nothing stays unfinished.
- **p99**: from the moment when a message was due at the client to its acknowledgement, repeats included: before the fault, from it until
  all was normal, and after. **Recovery**: from the end of the fault until nothing was overdue by more than 2 s and
  acknowledgements came at their usual pace.

## ${at.toISOString().slice(0, 10)}

${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux, Node ${process.version}; ${result.engines.join('; ')}.
Everything shares the machine. ${result.rows.length} runs in ${Math.round(minutes)} minutes: ${total('sent')} messages sent, ${total('acknowledged')}
acknowledged, ${total('lost')} lost, ${total('unexpected')} unexpected, ${total('duplicated')} duplicates at the provider.${broken.length > 0 ? `\nThe promise was broken in ${broken.length} runs.` : ''}

${markdownTable(result.rows)}
${broken.length > 0 ? `\n### Broken\n\n${broken.flatMap((row) => row.problems.map((problem) => `- ${row.title}, seed ${row.seed}: ${problem}`)).join('\n')}\n` : ''}${
  result.skipped.length > 0
    ? `\n### Not run\n\n${result.skipped.map(({ title, why }) => `- ${title}: ${why}`).join('\n')}\n`
    : ''
}`;
}
