/** Checks a fallback chain as callers and routes give it, and turns it into what is stored. Pure. */
import { badInput } from '../../../platform/errors/herald-error.ts';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { FallbackStep, FallbackSuccess } from '../contract.ts';

/** `FallbackStepInput` as resolvers get it. */
export interface FallbackStepInput {
  readonly channels: readonly Channel[];
  readonly afterSeconds?: number | null;
  readonly unless?: FallbackSuccess | null;
}

const MIN_STEPS = 2;
const MAX_STEPS = 5;
const MAX_AFTER_SECONDS = 7 * 24 * 3600;

/**
 * @param at path of the chain, for example `input.fallback`.
 * @param beside channels that are sent at once whatever the chain does: none of them may be in it.
 * @throws HeraldError BAD_USER_INPUT naming the field (`input.fallback.1.afterSeconds`).
 */
export function fallbackSteps(
  at: string,
  steps: readonly FallbackStepInput[],
  beside: readonly Channel[],
): readonly FallbackStep[] {
  if (steps.length < MIN_STEPS || steps.length > MAX_STEPS)
    throw badInput(
      at,
      `A fallback chain has ${MIN_STEPS} to ${MAX_STEPS} steps; this one has ${steps.length}.`,
    );
  const known = new Set<Channel>();
  return steps.map((step, index) => {
    const path = `${at}.${index}`;
    if (step.channels.length === 0) throw badInput(`${path}.channels`, 'Name at least one channel.');
    for (const [position, channel] of step.channels.entries())
      checkChannel(`${path}.channels.${position}`, channel, index, known, beside);
    return index === 0 ? firstStep(path, step) : laterStep(path, step);
  });
}

function checkChannel(
  at: string,
  channel: Channel,
  step: number,
  known: Set<Channel>,
  beside: readonly Channel[],
): void {
  if (known.has(channel)) throw badInput(at, `${channel} is in the chain already.`);
  if (beside.includes(channel))
    throw badInput(at, `${channel} is one of \`channels\` too, which are sent at once: leave it out there.`);
  // Its message is stored with the plan: there is nothing to hold back.
  if (channel === 'IN_APP' && step > 0)
    throw badInput(at, 'IN_APP can only be in the first step, or one of `channels`.');
  known.add(channel);
}

function firstStep(at: string, { channels, afterSeconds, unless }: FallbackStepInput): FallbackStep {
  if (afterSeconds != null)
    throw badInput(`${at}.afterSeconds`, 'The first step begins at once; to send later, give `sendAt`.');
  if (unless != null && unless !== 'SENT')
    throw badInput(`${at}.unless`, 'There is no step before the first one.');
  return { channels, unless: 'SENT' };
}

function laterStep(at: string, { channels, afterSeconds, unless }: FallbackStepInput): FallbackStep {
  const success = unless ?? 'SENT';
  if (afterSeconds == null) {
    if (success !== 'SENT')
      throw badInput(
        `${at}.afterSeconds`,
        `Say how long the step before has to be ${success}: a message may be never opened, and some providers tell nothing.`,
      );
    return { channels, unless: success };
  }
  if (!Number.isInteger(afterSeconds) || afterSeconds < 1 || afterSeconds > MAX_AFTER_SECONDS)
    throw badInput(
      `${at}.afterSeconds`,
      `Must be 1 to ${MAX_AFTER_SECONDS} (7 days); it is ${afterSeconds}.`,
    );
  return { channels, afterSeconds, unless: success };
}
