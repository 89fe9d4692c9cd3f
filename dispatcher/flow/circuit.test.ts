import { describe, expect, it } from 'vitest';
import {
  afterEvent,
  type Circuit,
  type CircuitEvent,
  CLOSED,
  MAX_ASKED_PAUSE_MS,
  MAX_PAUSE_MS,
  stanceOf,
} from './circuit.ts';

const T = 1_000_000_000;
const outcomes = (ok: number, failed: number, pauseMs = 0): CircuitEvent => ({
  kind: 'outcomes',
  ok,
  failed,
  pauseMs,
});
const probe = (token: string): CircuitEvent => ({ kind: 'probe', token, lostAfterMs: 20_000 });
const probed = (token: string, result: 'ok' | 'failed' | 'unused', pauseMs = 0): CircuitEvent => ({
  kind: 'probed',
  token,
  result,
  pauseMs,
});
/** Runs events, each so many milliseconds after the start. */
const run = (events: readonly (readonly [number, CircuitEvent])[], from: Circuit = CLOSED): Circuit =>
  events.reduce((circuit, [ms, event]) => afterEvent(circuit, event, T + ms, 1), from);

describe('a closed circuit', () => {
  it.each<[string, readonly (readonly [number, CircuitEvent])[], Circuit['state']]>([
    ['a few failures', [[0, outcomes(0, 7)]], 'closed'],
    ['as many as it takes', [[0, outcomes(0, 8)]], 'open'],
    ['one by one', Array.from({ length: 8 }, (_, i) => [i * 100, outcomes(0, 1)] as const), 'open'],
    [
      'slowly: old ones fade',
      Array.from({ length: 50 }, (_, i) => [i * 10_000, outcomes(0, 1)] as const),
      'closed',
    ],
    ['a third of many', [[0, outcomes(20, 10)]], 'closed'],
    ['half of many', [[0, outcomes(10, 10)]], 'open'],
    [
      'much success before it',
      [
        [0, outcomes(100_000, 0)],
        [10, outcomes(0, 20)],
      ],
      'closed',
    ],
    [
      'not too much',
      [
        [0, outcomes(100_000, 0)],
        [10, outcomes(0, 20)],
        [20, outcomes(0, 20)],
      ],
      'open',
    ],
    [
      'success again in between',
      [
        [0, outcomes(0, 7)],
        [10, outcomes(40, 0)],
        [20, outcomes(0, 7)],
      ],
      'closed',
    ],
  ])('%s', (_what, events, state) => {
    expect(run(events).state).toBe(state);
  });

  it('lets everything go', () => {
    expect(stanceOf(run([[0, outcomes(0, 7)]]), T)).toEqual({ kind: 'go' });
  });
});

describe('an open circuit', () => {
  const open = run([[0, outcomes(0, 8)]]);

  it('lets nothing go until a probe is due', () => {
    expect(stanceOf(open, T)).toEqual({ kind: 'wait', waitMs: 1_000, why: 'circuit' });
    expect(stanceOf(open, T + 999)).toEqual({ kind: 'wait', waitMs: 1, why: 'circuit' });
    expect(stanceOf(open, T + 1_000)).toEqual({ kind: 'probe' });
  });

  it('does not heed what was under way when it opened, nor a probe too early', () => {
    expect(run([[500, outcomes(3, 30)]], open)).toBe(open);
    expect(run([[500, probe('early')]], open)).toBe(open);
  });

  it('lets one probe', () => {
    const halfOpen = run([[1_000, probe('a')]], open);
    expect(halfOpen).toMatchObject({ state: 'halfOpen', probe: 'a' });
    expect(run([[1_001, probe('b')]], halfOpen)).toBe(halfOpen);
    expect(stanceOf(halfOpen, T + 1_001)).toMatchObject({ kind: 'wait', why: 'circuit' });
  });

  it.each<[string, CircuitEvent, Partial<Circuit>]>([
    ['closes when it goes through', probed('a', 'ok'), { state: 'closed', ok: 0, failed: 0 }],
    ['opens for longer when it does not', probed('a', 'failed'), { state: 'open', until: T + 1_500 + 2_000 }],
    ['is due again when it was not made', probed('a', 'unused'), { state: 'open', until: T + 1_500 }],
    ['goes on when it is another one', probed('b', 'ok'), { state: 'halfOpen', probe: 'a' }],
    [
      'closes and pauses when it is asked to wait',
      probed('a', 'ok', 5_000),
      { state: 'closed', pausedUntil: T + 1_500 + 5_000 },
    ],
  ])('after a probe %s', (_what, event, expected) => {
    expect(
      run(
        [
          [1_000, probe('a')],
          [1_500, event],
        ],
        open,
      ),
    ).toMatchObject(expected);
  });

  it('lets another probe when the one that probed died', () => {
    const halfOpen = run([[1_000, probe('a')]], open);
    expect(stanceOf(halfOpen, T + 21_000)).toEqual({ kind: 'probe' });
    expect(run([[21_000, probe('b')]], halfOpen)).toMatchObject({ state: 'halfOpen', probe: 'b' });
  });

  it('waits longer each time, up to the ceiling', () => {
    let circuit = open;
    let now = 0;
    const pauses: number[] = [];
    for (let i = 0; i < 9; i++) {
      pauses.push(circuit.until - (T + now));
      now = circuit.until - T;
      circuit = run(
        [
          [now, probe('p')],
          [now, probed('p', 'failed')],
        ],
        circuit,
      );
    }
    expect(pauses).toEqual([
      1_000,
      2_000,
      4_000,
      8_000,
      16_000,
      32_000,
      MAX_PAUSE_MS,
      MAX_PAUSE_MS,
      MAX_PAUSE_MS,
    ]);
  });

  it('goes on growing when it fails again soon after its closing, and starts anew after calm', () => {
    const closed = run(
      [
        [1_000, probe('a')],
        [1_100, probed('a', 'ok')],
      ],
      open,
    );
    expect(run([[2_000, outcomes(0, 8)]], closed)).toMatchObject({ opens: 2, until: T + 4_000 });
    expect(run([[90_000, outcomes(0, 8)]], closed)).toMatchObject({ opens: 1, until: T + 91_000 });
  });
});

describe('a provider that asks to wait', () => {
  it('is paused, and the longest plea holds', () => {
    const circuit = run([
      [0, outcomes(1, 0, 30_000)],
      [10, outcomes(0, 0, 1_000)],
    ]);
    expect(circuit.state).toBe('closed');
    expect(stanceOf(circuit, T + 10)).toEqual({ kind: 'wait', waitMs: 29_990, why: 'paused' });
    expect(stanceOf(circuit, T + 30_000)).toEqual({ kind: 'go' });
  });

  it('is not believed for ever', () => {
    expect(run([[0, outcomes(1, 0, 86_400_000)]]).pausedUntil).toBe(T + MAX_ASKED_PAUSE_MS);
  });
});
