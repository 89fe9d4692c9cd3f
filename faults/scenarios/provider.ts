/** Faults of the provider of one channel: the others must not notice. */
import type { StubChannel } from '../provider/received.ts';
import type { StubMode } from '../provider/stub-messages.ts';
import type { Scenario, Stage } from '../scenario.ts';
import { channelLatency } from './channel-latency.ts';

/** The other channel's p95 while one fails, at most: as before, or as this machine is just then. */
const NORMAL_MS = 1_000;
const NORMAL_FACTOR = 6;
/** Whatever the machine: this is not normal. */
const NEVER_NORMAL_MS = 4_000;
/** In flight at any moment: what a dispatcher on a busy machine may give up without a fault. */
const IN_HAND = 2 * 60;

/** How slow the machine is: accepting has nothing to do with channels. */
function acceptedP95({ load }: Stage, from: number, to: number): number {
  const sorted = load.latencies
    .filter(({ dueAt }) => dueAt >= from && dueAt < to)
    .map(({ ms }) => ms)
    .sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.95)] ?? 0;
}

const failing = (
  channel: StubChannel,
  mode: StubMode,
  title: string,
  options: Partial<Scenario> = {},
): Scenario => ({
  name: `${channel.toLowerCase()}-${mode.toLowerCase()}`,
  title: `${channel} provider: ${title} for 12 s`,
  drainSeconds: 120,
  fault: async (stage) => {
    const other: StubChannel = channel === 'WEBHOOK' ? 'EMAIL' : 'WEBHOOK';
    const { [channel]: attemptsBefore } = await stage.provider.attempts();
    const from = Date.now();
    await stage.provider.mode(channel, mode, 2);
    await stage.pause(stage.short ? 5_000 : 12_000);
    const to = Date.now();
    await stage.provider.mode(channel, 'ok');
    const { [channel]: attemptsAfter } = await stage.provider.attempts();
    // Those of the last moment are to arrive, too.
    await stage.pause(2_000);
    const before = await channelLatency(stage, other, 0, from);
    const during = await channelLatency(stage, other, from, to);
    const ms = (of: typeof before) => (of ? `${Math.round(of.p95)} ms` : 'nothing');
    const note = `${other} p95 ${ms(before)} before, ${ms(during)} meanwhile`;
    const bound = Math.min(
      NEVER_NORMAL_MS,
      Math.max(NORMAL_MS, NORMAL_FACTOR * (before?.p95 ?? 0), NORMAL_FACTOR * acceptedP95(stage, from, to)),
    );
    return {
      note,
      problems:
        during && during.p95 <= bound ? [] : [`${other} did not stay as it was: ${note}; bound ${bound} ms`],
      // Taken, but the yes did not come through: each such attempt may be made again.
      ...(mode === 'slow30s' || mode === 'halfBody'
        ? { inFlight: IN_HAND + attemptsAfter - attemptsBefore }
        : {}),
    };
  },
  ...options,
});

export const scenarios: readonly Scenario[] = [
  failing('WEBHOOK', '429', '429 with Retry-After'),
  failing('WEBHOOK', '5xx', '503', { short: true }),
  failing('WEBHOOK', 'reset', 'connections reset'),
  failing('WEBHOOK', 'halfBody', 'half an answer'),
  failing('WEBHOOK', 'slow30s', 'answers after 30 s'),
  failing('EMAIL', '429', '450, too many messages'),
  failing('EMAIL', '5xx', '451'),
  failing('EMAIL', 'reset', 'connections reset'),
  failing('EMAIL', 'halfBody', 'half an answer'),
  failing('EMAIL', 'slow30s', 'answers after 30 s'),
  {
    name: 'provider-killed',
    title: 'Providers: kill -9, away for 3 s',
    fault: async ({ provider, pause }) => {
      await provider.kill9();
      await pause(3_000);
      await provider.start();
      return undefined;
    },
  },
];
