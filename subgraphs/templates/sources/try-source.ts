/** Tries a source when it is saved, within the bounds of a send. */
import { messageOf } from '../../../platform/errors/message-of.ts';
import { type CompiledSource, compileSource } from './compile-source.ts';
import type { SourcePart } from './limits.ts';
import { NO_PARTIALS, type PartialSet } from './partial-set.ts';

/**
 * Why a source cannot be rendered without any variable (it would fail at every send), or with its sample data;
 * undefined where it can.
 * @param source has been checked by `sourceProblem`.
 */
export function trialProblem(
  part: SourcePart,
  source: string,
  sample: Readonly<Record<string, unknown>>,
  partials: PartialSet = NO_PARTIALS,
): string | undefined {
  let compiled: CompiledSource | undefined;
  for (const [variables, how] of [
    [{}, ''],
    [{ ...sample, data: sample, user: {}, notification: {} }, ' with the examples of its variables'],
  ] as const)
    try {
      // A URL without an expression is looked at as it is compiled.
      compiled ??= compileSource(part, source, partials);
      compiled(variables);
    } catch (error) {
      return `This source cannot be rendered${how}: ${messageOf(error)}.`;
    }
  return undefined;
}
