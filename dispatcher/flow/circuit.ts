/**
 * The circuit breaker of one provider account, or of one host where each recipient has a server of its own: a pure
 * state machine (M. Nygard, "Release It!"). `shared-circuits.ts` keeps its state in Redis for all workers; libraries
 * (opossum, cockatiel) keep it in one process.
 */
import type { CircuitRecord } from '../../platform/provider-health/circuit-record.ts';

/** Failures are weighed against what went well in about the last so many outcomes. */
const MEMORY = 40;
/** Of what is remembered, half is forgotten in this time. */
const HALF_LIFE_MS = 30_000;
const MIN_FAILURES = 8;
const FAILURE_RATE = 0.5;

const FIRST_PAUSE_MS = 1_000;
export const MAX_PAUSE_MS = 60_000;
/** A circuit that fails again within this time of its closing has not recovered: its pause goes on growing. */
const CALM_MS = 60_000;

/** Longest pause for one answer that asks to wait; then one more attempt finds out. */
export const MAX_ASKED_PAUSE_MS = 10 * 60_000;
/** Pause for an answer that asks to wait and does not say how long. */
export const DEFAULT_ASKED_PAUSE_MS = 1_000;

/** How soon somebody who waits for a probe's end looks again. */
const PROBE_LOOK_MS = 250;

/** See `CircuitRecord`. */
export type Circuit = CircuitRecord;

export const CLOSED: Circuit = {
  state: 'closed',
  ok: 0,
  failed: 0,
  countedAt: 0,
  until: 0,
  opens: 0,
  openedAt: 0,
  closedAt: 0,
  pausedUntil: 0,
  pausedAt: 0,
  probe: '',
};

export type CircuitEvent =
  /** What became of attempts since the last event; `pauseMs`: the provider asked to wait. */
  | { readonly kind: 'outcomes'; readonly ok: number; readonly failed: number; readonly pauseMs: number }
  /** Somebody wants to make the probe; it counts as lost after `lostAfterMs`. */
  | { readonly kind: 'probe'; readonly token: string; readonly lostAfterMs: number }
  /** The probe's end: the provider is well, is not, or was not asked in the end. */
  | {
      readonly kind: 'probed';
      readonly token: string;
      readonly result: 'ok' | 'failed' | 'unused';
      readonly pauseMs: number;
    };

/** What an attempt at `now` may do. */
export type Stance =
  | { readonly kind: 'go' }
  | { readonly kind: 'probe' }
  | { readonly kind: 'wait'; readonly waitMs: number; readonly why: 'circuit' | 'paused' };

export function stanceOf(circuit: Circuit, now: number): Stance {
  if (circuit.state === 'open' && now < circuit.until)
    return { kind: 'wait', waitMs: circuit.until - now, why: 'circuit' };
  if (circuit.state === 'halfOpen' && now < circuit.until)
    return { kind: 'wait', waitMs: Math.min(PROBE_LOOK_MS, circuit.until - now), why: 'circuit' };
  if (now < circuit.pausedUntil) return { kind: 'wait', waitMs: circuit.pausedUntil - now, why: 'paused' };
  return circuit.state === 'closed' ? { kind: 'go' } : { kind: 'probe' };
}

/**
 * @param random in [0, 1).
 * @returns the same object when the event changes nothing.
 */
export function afterEvent(circuit: Circuit, event: CircuitEvent, now: number, random: number): Circuit {
  switch (event.kind) {
    case 'outcomes':
      return afterOutcomes(circuit, event, now, random);
    case 'probe':
      return stanceOf(circuit, now).kind === 'probe'
        ? { ...circuit, state: 'halfOpen', probe: event.token, until: now + event.lostAfterMs }
        : circuit;
    case 'probed':
      return circuit.state === 'halfOpen' && circuit.probe === event.token
        ? afterProbe(paused(circuit, event.pauseMs, now), event.result, now, random)
        : circuit;
  }
}

function afterOutcomes(
  circuit: Circuit,
  event: Extract<CircuitEvent, { kind: 'outcomes' }>,
  now: number,
  random: number,
): Circuit {
  const asked = paused(circuit, event.pauseMs, now);
  // What was under way when it opened says nothing about now.
  if (circuit.state !== 'closed' || event.ok + event.failed === 0) return asked;
  const fading = 0.5 ** (Math.max(0, now - circuit.countedAt) / HALF_LIFE_MS);
  const ok = circuit.ok * fading + event.ok;
  const failed = circuit.failed * fading + event.failed;
  // One that fails after years of thousands a second must not take thousands of failures to open.
  const scale = Math.min(1, MEMORY / (ok + failed));
  const counted = { ...asked, ok: ok * scale, failed: failed * scale, countedAt: now };
  // Half a failure less: they fade a little between the first and the last.
  const failing = counted.failed > MIN_FAILURES - 0.5 && failed >= FAILURE_RATE * (ok + failed);
  return failing ? opened(counted, now, random) : counted;
}

function afterProbe(
  circuit: Circuit,
  result: 'ok' | 'failed' | 'unused',
  now: number,
  random: number,
): Circuit {
  switch (result) {
    case 'ok':
      return {
        ...CLOSED,
        opens: circuit.opens,
        closedAt: now,
        countedAt: now,
        pausedUntil: circuit.pausedUntil,
        pausedAt: circuit.pausedAt,
      };
    case 'failed':
      return opened(circuit, now, random);
    case 'unused':
      return { ...circuit, state: 'open', until: now, probe: '' };
  }
}

function opened(circuit: Circuit, now: number, random: number): Circuit {
  const again = circuit.state !== 'closed' || now - circuit.closedAt < CALM_MS;
  const opens = again ? circuit.opens + 1 : 1;
  const pause = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(opens - 1, 20));
  return {
    ...CLOSED,
    state: 'open',
    opens,
    openedAt: circuit.state === 'closed' ? now : circuit.openedAt,
    closedAt: circuit.closedAt,
    pausedUntil: circuit.pausedUntil,
    pausedAt: circuit.pausedAt,
    // A fifth is drawn, so that many circuits that opened together are not probed together.
    until: now + Math.round(pause * (0.8 + 0.2 * random)),
  };
}

function paused(circuit: Circuit, pauseMs: number, now: number): Circuit {
  const pausedUntil = now + Math.min(pauseMs, MAX_ASKED_PAUSE_MS);
  if (pauseMs <= 0 || pausedUntil <= circuit.pausedUntil) return circuit;
  return { ...circuit, pausedUntil, pausedAt: now < circuit.pausedUntil ? circuit.pausedAt : now };
}
