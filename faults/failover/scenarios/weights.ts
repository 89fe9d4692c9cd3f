/** Two accounts share by weight. */
import { markOf, taken } from '../figures.ts';
import { pace, percent, seconds, timesAt } from '../judging.ts';
import type { FailoverScenario } from '../scenario.ts';

export const WEIGHTS: FailoverScenario = {
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
};
