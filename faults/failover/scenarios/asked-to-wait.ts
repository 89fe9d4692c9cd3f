/** One account asks to wait. */
import { RETRY_AFTER_SECONDS } from '../fakes.ts';
import { bursts, markOf } from '../figures.ts';
import { beforeFault, healed, pace, seconds, slow, timesAt, UNDER_WAY } from '../judging.ts';
import { type FailoverScenario, IN_ORDER } from '../scenario.ts';

export const ASKED_TO_WAIT: FailoverScenario = {
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
        atMost: short ? 4 : 2,
      },
      {
        what: 'attempts that were asked to wait, most before one pause',
        value: Math.max(...asked.map((burst) => burst.length)),
        unit: '',
        atMost: UNDER_WAY,
      },
      ...pace(evidence, 'SMS sent before', beforeFault(evidence, 'SMS')),
      ...pace(evidence, 'SMS sent meanwhile', { channel: 'SMS', from: fault, to: at }, slow(evidence, 'SMS')),
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
};
