/** One account fails or stays silent for a while, or both fail. */
import { bursts, markOf, mostProbes, taken } from '../figures.ts';
import { beforeFault, GAP_MS, healed, moved, pace, seconds, slow, UNDER_WAY } from '../judging.ts';
import { type FailoverScenario, IN_ORDER } from '../scenario.ts';

export const OUTAGE: FailoverScenario = {
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
};

/** Attempts that nobody answers: the windows of two dispatchers, which a slow machine lets grow to 50 each, and a probe now and then. */
const UNKNOWN = 110;

export const SILENCE: FailoverScenario = {
  name: 'silence',
  title: 'The first account does not answer, and recovers',
  about:
    'Nobody knows whether a message went out whose answer never came: SMS are not repeated then, but FAILED (Twilio has no idempotency keys). A dispatcher has twice as many of them under way as it had of late, 8 at least; once the breaker is open, the account is asked for its list of messages before it is given another. An attempt takes 5 s here (`SEND_TIMEOUT_MS`): so long nobody knows of the silence, and messages of the channel wait.',
  accounts: IN_ORDER,
  failedAtMost: UNKNOWN,
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
        atLeast: 4,
        atMost: UNKNOWN,
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
};

export const BOTH_DOWN: FailoverScenario = {
  name: 'both-down',
  title: 'Both accounts answer 500 for 20 s',
  about:
    'Everything waits, and goes out when they are well. By then the breakers are open for up to 16 s at a time; what was put off comes back by its queue, from the moment of the next probe on, spread over 2 s.',
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
};
