/** From what was gathered to a version that has all that it is rendered with. */
import { compileForPublish } from '../sources/compile-for-publish.ts';
import { partialsProblem } from '../sources/partial-set.ts';
import { sizeProblem } from '../sources/size-problem.ts';
import type { UnderWay } from '../sources/under-way.ts';
import type { GatheredVersion } from './gather-version.ts';

/** A version and its draft fit one document of 16 MB with the version before. */
const MAX_VERSION_BYTES = 6 * 1024 * 1024;

/** `unbounded`: to be looked at, also where a channel could not take it. */
export type Bounds = 'bounded' | 'unbounded';

/** Compiles what was gathered; the body is as given where there are problems. For the process that compiles. */
export async function compileVersion(
  { body, problems }: GatheredVersion,
  bounds: Bounds,
  at: UnderWay,
): Promise<GatheredVersion> {
  if (problems.length > 0) return { body, problems };
  const wrongPartial = partialsProblem(body.partials ?? {}, at);
  if (wrongPartial) {
    const field = wrongPartial.name === undefined ? 'partials' : `partials.${wrongPartial.name}`;
    return { body, problems: [{ field, message: wrongPartial.message }] };
  }
  const compiled = await compileForPublish(body.contents, body.partials, at);
  if (compiled.problems.length > 0) return { body, problems: compiled.problems };
  const tooLarge = bounds === 'bounded' ? sizeProblem(compiled.contents, at) : undefined;
  if (tooLarge) return { body, problems: [tooLarge] };
  const whole =
    JSON.stringify(compiled.contents) === JSON.stringify(body.contents)
      ? body
      : { ...body, compiled: compiled.contents };
  const bytes = Buffer.byteLength(JSON.stringify(whole));
  if (bytes > MAX_VERSION_BYTES)
    return {
      body,
      problems: [
        {
          field: 'contents',
          message: `With its partials and compiled e-mails it has ${bytes} bytes; at most ${MAX_VERSION_BYTES} are allowed.`,
        },
      ],
    };
  return { body: whole, problems: [] };
}
