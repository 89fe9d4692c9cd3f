/** More is offered than two accounts may send. */
import { USERS, userName } from '../../load/mix.ts';
import type { AccountName } from '../fake-messages.ts';
import { type Figure, markOf, mostInWindow } from '../figures.ts';
import { pace, percent, timesAt } from '../judging.ts';
import type { FailoverScenario } from '../scenario.ts';

const OFFERED = { perSecond: 260, highEvery: 20 };
const RATES: Readonly<Record<AccountName, number>> = { a: 50, b: 100 };
/** The dispatchers need a moment for the first backlog. */
const WARMING_MS = 2_000;
/** What left at an even pace may arrive bunched: so much of a second's messages on the way of those of the next. */
const BUNCHED = 1.25;
/** Over ten seconds. */
const BUNCHED_LONG = 1.05;

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
    const busyMs = end - began - WARMING_MS;
    const ofAccount = (account: AccountName): readonly Figure[] => {
      const rate = RATES[account];
      const times = timesAt(evidence, account);
      return [
        {
          what: `account ${account} (${rate}/s): most in any second`,
          value: mostInWindow(times, 1_000),
          unit: '',
          atMost: Math.round(BUNCHED * 1.1 * rate),
        },
        {
          what: `account ${account}: most in any 10 s, a second`,
          value: mostInWindow(times, 10_000) / 10,
          unit: '/s',
          atMost: Math.round(BUNCHED_LONG * 1.01 * rate),
        },
        {
          what: `account ${account}: used of its rate while there was a backlog`,
          value: percent(timesAt(evidence, account, began + WARMING_MS, end).length, (rate * busyMs) / 1_000),
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

export const LIMITED_RATES: readonly FailoverScenario[] = [
  {
    name: 'rates',
    title: 'Rates of 50/s and 100/s over two dispatchers, 260/s offered',
    about:
      'LOW but for one HIGH in twenty: a backlog grows for 30 s. Dispatchers give out no more than 1.1 times the rate in any second; on the way to the provider some may come closer together.',
    ...rates,
  },
  {
    name: 'rates-settings',
    title: 'Rates of 50/s and 100/s over two dispatchers, 260/s offered (accounts of the settings)',
    about: 'The same with PROVIDER_ACCOUNTS and PROVIDER_RATES.',
    from: 'settings',
    ...rates,
  },
];
