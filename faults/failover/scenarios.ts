/** Every scenario of two accounts, in the order of the report. */
import { USERS, userName } from '../load/mix.ts';
import type { AccountName } from './fake-messages.ts';
import { RETRY_AFTER_SECONDS } from './fakes.ts';
import {
  bursts,
  type Evidence,
  type Figure,
  latencies,
  markOf,
  mostInWindow,
  mostProbes,
  quantile,
  taken,
} from './figures.ts';
import type { FailoverScenario } from './scenario.ts';

/** Before an open circuit's first probe, which comes after 0.8 s at the soonest: a longer gap ends what it let through. */
const GAP_MS = 500;
/** Attempts under way when a circuit opens: what two dispatchers have slots for, and those that begin before they know. */
const UNDER_WAY = 2 * 100 + 20;
/** Of a p99: not normal, unless the machine was as slow before. */
const SLOW_MS = 2_000;
const BEFORE_MS = 3_000;

const IN_ORDER = { a: { order: 1 }, b: { order: 2 } } as const;
const seconds = (ms: number): number => Math.round(ms) / 1_000;
const percent = (part: number, whole: number): number | undefined =>
  whole === 0 ? undefined : Math.round((1_000 * part) / whole) / 10;

/** Times of requests of an account, ascending. */
const timesAt = (
  { requests }: Evidence,
  account: AccountName,
  from = Number.NEGATIVE_INFINITY,
  to = Number.POSITIVE_INFINITY,
): readonly number[] =>
  requests
    .filter((request) => request.account === account && request.at >= from && request.at < to)
    .map(({ at }) => at);

type Which = Parameters<typeof latencies>[1];

/** p50 and p99 of what was sent in a time. */
function pace(evidence: Evidence, what: string, which: Which, p99AtMost?: number): readonly Figure[] {
  const sorted = latencies(evidence, which);
  return [
    { what: `${what}, p50`, value: quantile(sorted, 0.5), unit: 'ms' },
    {
      what: `${what}, p99`,
      value: quantile(sorted, 0.99),
      unit: 'ms',
      ...(p99AtMost !== undefined && { atMost: p99AtMost }),
    },
  ];
}

/** The last seconds before the fault: the first ones of a fresh process are slower. */
const beforeFault = (evidence: Evidence, channel: 'SMS' | 'WEBHOOK'): Which => {
  const fault = markOf(evidence, 'fault');
  return { channel, from: fault - BEFORE_MS, to: fault };
};

/** The most that a p99 may be: where the machine was slow before the fault, it may be so after it. */
function slow(evidence: Evidence, channel: 'SMS' | 'WEBHOOK'): number {
  const before = quantile(latencies(evidence, beforeFault(evidence, channel)), 0.99);
  return Math.max(SLOW_MS, 3 * (before ?? 0));
}

/** From the first failure of account a on: how soon all goes by b, and what it costs. */
function moved(evidence: Evidence, to: number, short: boolean): readonly Figure[] {
  const fault = markOf(evidence, 'fault');
  const failed = evidence.requests
    .filter(({ account, at, status }) => account === 'a' && at >= fault && at < to && status !== 201)
    .map(({ at }) => at);
  // A probe is alone. What a busy machine let through late is not, and counts as not moved yet.
  const runs = bursts(failed, GAP_MS);
  const last = runs.findLastIndex((run) => run.length > 1);
  const end = runs[last]?.at(-1) ?? fault;
  const before = failed.filter((at) => at <= end).length;
  const probes = runs.length - 1 - last;
  return [
    {
      what: 'until all went by the second account',
      value: seconds(end - fault),
      unit: 's',
      atMost: short ? 8 : 3,
    },
    {
      what: 'attempts that the first account failed by then',
      value: before,
      unit: '',
      atLeast: 8,
      atMost: UNDER_WAY,
    },
    {
      what: `probes of it in the ${Math.round((to - end) / 1_000)} s after that, of both dispatchers`,
      value: probes,
      unit: '',
      atLeast: 1,
      // Late ones of a busy machine may look like one.
      atMost: mostProbes((to - end) / 1_000) + (short ? 2 : 0),
    },
    ...pace(evidence, 'SMS sent before', beforeFault(evidence, 'SMS')),
    ...pace(
      evidence,
      'SMS sent until all had moved',
      { channel: 'SMS', from: fault, to: end + 1 },
      slow(evidence, 'SMS'),
    ),
    ...pace(evidence, 'SMS sent after that', { channel: 'SMS', from: end + 1, to }, slow(evidence, 'SMS')),
    ...pace(
      evidence,
      'webhooks meanwhile',
      { channel: 'WEBHOOK', from: fault, to },
      slow(evidence, 'WEBHOOK'),
    ),
  ];
}

/** The first account again, once it is well. */
function healed(evidence: Evidence, atMost: number): readonly Figure[] {
  const at = markOf(evidence, 'healed');
  const back = taken(evidence.requests, 'a').find((request) => request.at >= at)?.at;
  const last = taken(evidence.requests).filter((request) => request.at >= markOf(evidence, 'settled'));
  return [
    {
      what: 'from the account’s recovery until it was used again',
      value: back === undefined ? undefined : seconds(back - at),
      unit: 's',
      atMost,
    },
    {
      what: 'of the last seconds’ messages by the first account',
      value: percent(last.filter(({ account }) => account === 'a').length, last.length),
      unit: '%',
      atLeast: 95,
    },
  ];
}

const refusedCredentials: Pick<FailoverScenario, 'accounts' | 'act' | 'judge'> = {
  accounts: IN_ORDER,
  async act({ mode, mark, run }, short) {
    await run(short ? 3 : 8);
    await mode('a', 'unauthorized');
    mark('fault');
    await run(short ? 4 : 20);
    mark('end');
  },
  judge: (evidence, short) => moved(evidence, markOf(evidence, 'end'), short),
};

const OFFERED = { perSecond: 260, highEvery: 20 };
const RATES: Readonly<Record<AccountName, number>> = { a: 50, b: 100 };
/** A full bucket of one second of the rate may go out at once: in so long after the first message it is used up. */
const FIRST_BUCKET_MS = 2_000;
/** What left at an even pace may arrive a little bunched. */
const BUNCHED = 1.05;

const rates: Pick<
  FailoverScenario,
  'accounts' | 'ratePerSecond' | 'messageOf' | 'act' | 'judge' | 'drainSeconds'
> = {
  accounts: { a: { order: 1, ratePerSecond: RATES.a }, b: { order: 2, ratePerSecond: RATES.b } },
  ratePerSecond: { long: OFFERED.perSecond, short: OFFERED.perSecond },
  messageOf: (prefix, n) => ({
    key: `${prefix}-${String(n).padStart(6, '0')}`,
    user: userName(n % USERS),
    channels: ['SMS'],
    priority: n % OFFERED.highEvery === 7 ? 'HIGH' : 'LOW',
    kind: 'plain',
  }),
  drainSeconds: 120,
  async act({ mark, run }, short) {
    mark('begin');
    await run(short ? 6 : 30);
    mark('end');
  },
  judge(evidence) {
    const began = evidence.requests[0]?.at ?? 0;
    const end = markOf(evidence, 'end');
    const busyMs = end - began - FIRST_BUCKET_MS;
    const ofAccount = (account: AccountName): readonly Figure[] => {
      const rate = RATES[account];
      const times = timesAt(evidence, account);
      return [
        {
          what: `account ${account} (${rate}/s): most in any second`,
          value: mostInWindow(times, 1_000),
          unit: '',
          atMost: Math.round(BUNCHED * 2 * rate),
        },
        {
          what: `account ${account}: most in any 10 s, a second`,
          value: mostInWindow(times, 10_000) / 10,
          unit: '/s',
          atMost: Math.round(BUNCHED * 1.1 * rate),
        },
        {
          what: `account ${account}: used of its rate while there was a backlog`,
          value: percent(
            timesAt(evidence, account, began + FIRST_BUCKET_MS, end).length,
            (rate * busyMs) / 1_000,
          ),
          unit: '%',
          atLeast: 85,
          atMost: 105,
        },
      ];
    };
    return [
      ...ofAccount('a'),
      ...ofAccount('b'),
      {
        what: 'LOW messages that waited when the last was sent',
        value:
          evidence.sent.length -
          timesAt(evidence, 'a', 0, end).length -
          timesAt(evidence, 'b', 0, end).length,
        unit: '',
        atLeast: 200,
      },
      ...pace(evidence, 'HIGH beside the backlog', { channel: 'SMS', priority: 'HIGH', to: end }, 2_000),
      ...pace(evidence, 'LOW', { channel: 'SMS', priority: 'LOW', to: end }),
    ];
  },
};

export const SCENARIOS: readonly FailoverScenario[] = [
  {
    name: 'credentials-refused',
    title: 'The first account answers 401',
    about: 'Its credentials are refused from one moment on, and stay so.',
    short: true,
    ...refusedCredentials,
  },
  {
    name: 'credentials-refused-settings',
    title: 'The first account answers 401 (accounts of the settings)',
    about: 'The same with PROVIDER_ACCOUNTS.',
    from: 'settings',
    ...refusedCredentials,
  },
  {
    name: 'outage',
    title: 'The first account answers 500, and recovers',
    about: 'The breaker opens for both dispatchers, probes, and closes.',
    accounts: IN_ORDER,
    short: true,
    async act({ mode, mark, run }, short) {
      await run(short ? 2 : 5);
      await mode('a', 'error');
      mark('fault');
      await run(short ? 3 : 12);
      await mode('a', 'ok');
      mark('healed');
      await run(short ? 6 : 10);
      mark('settled');
      await run(short ? 2 : 5);
    },
    judge: (evidence, short) => [
      ...moved(evidence, markOf(evidence, 'healed'), short),
      // The pause that the last probe before the recovery has begun is the third (4 s), or the fourth (8 s).
      ...healed(evidence, 8.5),
    ],
  },
  {
    name: 'silence',
    title: 'The first account does not answer, and recovers',
    about:
      'Nobody knows whether a message went out whose answer never came: SMS are not repeated then, but FAILED (Twilio has no idempotency keys). An attempt takes 5 s here (`SEND_TIMEOUT_MS`): so long nobody knows of the silence, and messages of the channel wait.',
    accounts: IN_ORDER,
    failedAtMost: UNDER_WAY,
    async act({ mode, mark, run }) {
      await run(5);
      await mode('a', 'hang');
      mark('fault');
      await run(20);
      await mode('a', 'ok');
      mark('healed');
      await run(22);
      mark('settled');
      await run(5);
    },
    judge(evidence) {
      const fault = markOf(evidence, 'fault');
      const at = markOf(evidence, 'healed');
      const unanswered = evidence.requests.filter(({ status }) => status === 0).map(({ at: time }) => time);
      const [first = []] = bursts(unanswered, GAP_MS);
      const others = taken(evidence.requests, 'b').find((request) => request.at >= fault)?.at;
      return [
        {
          what: 'until the second account was used',
          value: others === undefined ? undefined : seconds(others - fault),
          unit: 's',
          atMost: 8,
        },
        {
          what: 'attempts without an answer',
          value: unanswered.length,
          unit: '',
          atLeast: 8,
          atMost: UNDER_WAY,
        },
        { what: 'of these before the breaker opened', value: first.length, unit: '' },
        ...pace(evidence, 'SMS sent before', beforeFault(evidence, 'SMS')),
        ...pace(evidence, 'SMS sent meanwhile', { channel: 'SMS', from: fault, to: at }, 20_000),
        ...pace(
          evidence,
          'webhooks meanwhile',
          { channel: 'WEBHOOK', from: fault, to: at },
          slow(evidence, 'WEBHOOK'),
        ),
        ...healed(evidence, 21),
      ];
    },
  },
  {
    name: 'asked-to-wait',
    title: `The first account answers 429 with Retry-After: ${RETRY_AFTER_SECONDS}`,
    about: 'It is paused for as long as it asks, not the queue; when it asks again, it is paused again.',
    accounts: IN_ORDER,
    short: true,
    async act({ mode, mark, run }, short) {
      await run(short ? 2 : 5);
      await mode('a', 'limited');
      mark('fault');
      await run(short ? 4 : 14);
      await mode('a', 'ok');
      mark('healed');
      await run(short ? 4 : RETRY_AFTER_SECONDS + 2);
      mark('settled');
      await run(short ? 2 : 5);
    },
    judge(evidence, short) {
      const fault = markOf(evidence, 'fault');
      const at = markOf(evidence, 'healed');
      const all = bursts(timesAt(evidence, 'a', fault), 2_000);
      const asked = bursts(
        evidence.requests.filter(({ status }) => status === 429).map((request) => request.at),
        2_000,
      );
      // The last pause ends with the first message that is taken again.
      const pauses = asked.map((burst) => {
        const last = burst.at(-1) ?? 0;
        return (all.flat().find((time) => time > last) ?? Number.NaN) - last;
      });
      const [first = []] = asked;
      return [
        { what: 'pauses', value: asked.length, unit: '', atLeast: short ? 1 : 3, atMost: short ? 1 : 3 },
        {
          what: 'shortest time without any request to the paused account',
          value: seconds(Math.min(...pauses)),
          unit: 's',
          atLeast: RETRY_AFTER_SECONDS - 0.1,
        },
        {
          what: 'longest such time',
          value: seconds(Math.max(...pauses)),
          unit: 's',
          atMost: RETRY_AFTER_SECONDS + (short ? 4 : 1.5),
        },
        {
          what: 'until both dispatchers had paused it, the first time',
          value: seconds((first.at(-1) ?? fault) - fault),
          unit: 's',
          atMost: 2,
        },
        {
          what: 'attempts that were asked to wait, most before one pause',
          value: Math.max(...asked.map((burst) => burst.length)),
          unit: '',
          atMost: UNDER_WAY,
        },
        ...pace(evidence, 'SMS sent before', beforeFault(evidence, 'SMS')),
        ...pace(
          evidence,
          'SMS sent meanwhile',
          { channel: 'SMS', from: fault, to: at },
          slow(evidence, 'SMS'),
        ),
        ...pace(evidence, 'webhooks before', beforeFault(evidence, 'WEBHOOK')),
        ...pace(
          evidence,
          'webhooks meanwhile',
          { channel: 'WEBHOOK', from: fault, to: at },
          slow(evidence, 'WEBHOOK'),
        ),
        ...healed(evidence, RETRY_AFTER_SECONDS + 1.5),
      ];
    },
  },
  {
    name: 'rates',
    title: 'Rates of 50/s and 100/s over two dispatchers, 260/s offered',
    about:
      'LOW but for one HIGH in twenty: a backlog grows for 30 s. An account’s bucket holds one second of its rate: after a pause that much goes out beside the rate itself, so that a second may have twice the rate, ten seconds a tenth more.',
    ...rates,
  },
  {
    name: 'rates-settings',
    title: 'Rates of 50/s and 100/s over two dispatchers, 260/s offered (accounts of the settings)',
    about: 'The same with PROVIDER_ACCOUNTS and PROVIDER_RATES.',
    from: 'settings',
    ...rates,
  },
  {
    name: 'both-down',
    title: 'Both accounts answer 500 for 20 s',
    about:
      'Everything waits, and goes out when they are well. By then the breakers are open for up to 16 s at a time; what was put off comes back spread over 5 s, with a round of the sweeper.',
    accounts: IN_ORDER,
    drainSeconds: 120,
    async act({ mode, mark, run }) {
      await run(5);
      await Promise.all([mode('a', 'error'), mode('b', 'error')]);
      mark('fault');
      await run(20);
      await Promise.all([mode('a', 'ok'), mode('b', 'ok')]);
      mark('healed');
      await run(15);
    },
    judge(evidence) {
      const fault = markOf(evidence, 'fault');
      const at = markOf(evidence, 'healed');
      const held = new Set(
        evidence.sent.filter((entry) => entry.at >= fault && entry.at < at).map(({ key }) => key),
      );
      const heldTaken = taken(evidence.requests).filter(({ key, at: time }) => held.has(key) && time >= at);
      const last = heldTaken.at(-1)?.at;
      const failed = evidence.requests.filter(({ status }) => status === 500).length;
      return [
        {
          what: 'attempts at both in the outage, probes and all',
          value: failed,
          unit: '',
          atMost: 2 * (UNDER_WAY + mostProbes(20)),
        },
        { what: 'messages that waited', value: heldTaken.length, unit: '', atLeast: 1 },
        {
          what: 'until the first was taken',
          value: heldTaken[0] === undefined ? undefined : seconds(heldTaken[0].at - at),
          unit: 's',
          atMost: 30,
        },
        {
          what: 'until the last that had waited was taken',
          value: last === undefined ? undefined : seconds(last - at),
          unit: 's',
          atMost: 60,
        },
        ...pace(
          evidence,
          'webhooks meanwhile',
          { channel: 'WEBHOOK', from: fault, to: at },
          slow(evidence, 'WEBHOOK'),
        ),
        ...pace(evidence, 'SMS sent before', beforeFault(evidence, 'SMS')),
      ];
    },
  },
  {
    name: 'weights',
    title: 'Weights of 3 to 1, then an order',
    about:
      'Two accounts of one order share by weight; when an operator puts the second one first, all goes by that one.',
    accounts: { a: { order: 1, weight: 300 }, b: { order: 1, weight: 100 } },
    async act({ save, mark, run }) {
      await run(20);
      mark('change');
      await save('b', { order: 0 });
      mark('changed');
      await run(10);
    },
    judge(evidence) {
      const change = markOf(evidence, 'change');
      const changed = markOf(evidence, 'changed');
      const shared = taken(evidence.requests).filter(({ at }) => at < change);
      const last = timesAt(evidence, 'a').at(-1) ?? change;
      return [
        {
          what: 'of the messages by the account of weight 300',
          value: percent(shared.filter(({ account }) => account === 'a').length, shared.length),
          unit: '%',
          atLeast: 72,
          atMost: 78,
        },
        {
          what: 'from the saved order until nothing went by the former first account',
          value: seconds(Math.max(0, last - changed)),
          unit: 's',
          atMost: 2,
        },
        ...pace(evidence, 'SMS', { channel: 'SMS' }),
      ];
    },
  },
];
