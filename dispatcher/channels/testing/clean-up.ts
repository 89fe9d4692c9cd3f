/** Ends what a test of the common suite began, however the test ended. */

/** A provider that is to be closed lets go of what it has in hand within so long. */
export const CLEAN_UP_MS = 10_000;

/**
 * Runs all, the last one first, each when the one before has ended or had its time: one that fails or hangs keeps no
 * other from its turn.
 * @throws what the first of them threw, or an Error that says that it did not end.
 */
export async function cleanUp(
  steps: readonly (() => Promise<unknown> | undefined)[],
  mostMs = CLEAN_UP_MS,
): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps.toReversed()) {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () =>
        late.reject(new Error(`It did not end within ${mostMs / 1_000} s: is the provider's close waiting?`)),
      mostMs,
    );
    try {
      await Promise.race([step(), late.promise]);
    } catch (error) {
      failures.push(error);
    } finally {
      clearTimeout(timer);
    }
  }
  if (failures.length > 0) throw failures[0];
}
