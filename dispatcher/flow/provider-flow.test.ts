import { describe, expect, it } from 'vitest';
import type { Stance } from './circuit.ts';
import type { ProviderSign } from './circuit-outcome.ts';
import { comesBackAt, ProviderFlow } from './provider-flow.ts';
import { FIRST_WINDOW, SendWindow } from './send-window.ts';
import type { SharedCircuits } from './shared-circuits.ts';

describe('comesBackAt', () => {
  it.each([
    [1_000, 0, 0, 1_000],
    [1_000, 0, 0.999, 1_250],
    [1_000, 4_000, 0, 5_000],
    [1_000, 4_000, 0.999, 6_250],
    [1_001, 60_000, 0, 61_250],
    [1_000, 60_000, 0.999, 63_000],
    [1_000, 3_600_000, 0.999, 3_603_000],
  ])('at %d, for %d ms, drawn %d: at %d', (now, waitMs, random, expected) => {
    expect(comesBackAt(now, waitMs, random).getTime()).toBe(expected);
  });

  it('is at the expiry at the latest, and never in the past', () => {
    expect(comesBackAt(1_000, 4_000, 0, new Date(3_000)).getTime()).toBe(3_000);
    expect(comesBackAt(1_000, 4_000, 0, new Date(500)).getTime()).toBe(1_000);
  });
});

const want = { address: 'a', priority: 'MEDIUM', patienceMs: 0, placePatienceMs: 0 } as const;
const noPause = async () => false;

/** A flow over a circuit that is as `stance` says. */
function flowOver(stance: Stance, answers?: (signal: AbortSignal) => Promise<boolean>) {
  const reported: (ProviderSign & { probe: string | undefined })[] = [];
  const circuits: Pick<SharedCircuits, 'peek' | 'enter' | 'report' | 'unused' | 'refresh'> = {
    peek: () => (reported.length > 0 ? { kind: 'wait', waitMs: 2_000, why: 'circuit' } : stance),
    enter: async () => (stance.kind === 'wait' ? stance : stance.kind === 'probe' ? { probe: 'token' } : {}),
    report: async (_name, sign, probe) => void reported.push({ ...sign, probe }),
    unused: () => undefined,
    refresh: async () => undefined,
  };
  const window = new SendWindow(50);
  const flow = new ProviderFlow({
    provider: 'p',
    destination: undefined,
    circuits: circuits as SharedCircuits,
    permits: undefined,
    limits: {},
    window,
    answers,
    probeLostAfterMs: 1,
  });
  return { flow, window, reported };
}

describe('ProviderFlow', () => {
  it('lets only so many be under way, and gives their places to others', async () => {
    const { flow, window } = flowOver({ kind: 'go' });
    const entered = await Promise.all(
      Array.from({ length: FIRST_WINDOW + 2 }, () => flow.enter(want, noPause)),
    );
    const refused = entered.filter((entry) => 'waitMs' in entry);
    expect(refused).toEqual([
      { waitMs: 100, why: 'busy' },
      { waitMs: 100, why: 'busy' },
    ]);
    expect(flow.free).toBe(0);
    for (const entry of entered) if ('done' in entry) entry.done({ kind: 'accepted' });
    expect(window.size).toBeGreaterThan(FIRST_WINDOW);
    expect(flow.free).toBe(window.size);
  });

  it('takes no place, and waits for none, while its circuit is open', async () => {
    const { flow, window } = flowOver({ kind: 'wait', waitMs: 5_000, why: 'circuit' });
    while (window.tryTake());
    expect(await flow.enter({ ...want, placePatienceMs: 60_000 }, noPause)).toEqual({
      waitMs: 5_000,
      why: 'circuit',
    });
  });

  it('asks before a message is risked as a probe, and opens again where nobody answers', async () => {
    const silent = flowOver({ kind: 'probe' }, async () => false);
    expect(await silent.flow.enter(want, noPause)).toEqual({ waitMs: 2_000, why: 'circuit' });
    expect(silent.reported).toEqual([{ sign: 'failed', pauseMs: 0, probe: 'token' }]);
    expect(silent.flow.free).toBe(FIRST_WINDOW);
    const well = flowOver({ kind: 'probe' }, async () => true);
    expect(await well.flow.enter(want, noPause)).toHaveProperty('done');
    expect(well.reported).toEqual([]);
  });

  it('is not shut for ever by a question that is never answered', async () => {
    const { flow } = flowOver({ kind: 'probe' }, async () => false);
    const entered: boolean[] = [];
    for (let i = 0; i < 20; i++) {
      const entry = await flow.enter({ ...want, patienceMs: 10_000 }, noPause);
      entered.push('done' in entry);
      if ('done' in entry) entry.unused();
    }
    expect(entered.filter(Boolean)).toHaveLength(2);
    expect(entered.indexOf(true)).toBe(9);
  });
});
