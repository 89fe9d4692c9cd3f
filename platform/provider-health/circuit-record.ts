/** The state of a circuit breaker as it stands in Redis: dispatchers write it, whoever tells of health reads it. */
import { z } from 'zod';

/** Times are milliseconds since 1970 by the shared clock. */
const circuitRecord = z.object({
  state: z.enum(['closed', 'open', 'halfOpen']),
  /** Remembered outcomes as of `countedAt`; fractions, because they fade. */
  ok: z.number(),
  failed: z.number(),
  countedAt: z.number(),
  /** open: when a probe is due. halfOpen: when the probe under way counts as lost. */
  until: z.number(),
  /** How often it opened without calm in between. */
  opens: z.number(),
  /** When it opened, and has not closed since; 0 while it is closed. */
  openedAt: z.number().default(0),
  closedAt: z.number(),
  /** The provider asked to wait until then; `pausedAt`: when it first did. */
  pausedUntil: z.number(),
  pausedAt: z.number().default(0),
  /** Token of the attempt that probes; empty when none does. */
  probe: z.string(),
});
export type CircuitRecord = Readonly<z.infer<typeof circuitRecord>>;

/** @returns undefined where there is none, or none that can be read: such a circuit counts as new. */
export function parseCircuit(raw: string | null): CircuitRecord | undefined {
  if (raw === null) return undefined;
  try {
    return circuitRecord.parse(JSON.parse(raw));
  } catch {
    return undefined;
  }
}
