/**
 * Asks until the answer passes, and gives it back.
 * @param check throws (an `expect`) while it is not so yet.
 * @throws what `check` threw last, after `timeoutMs`.
 */
export async function eventually<T>(
  ask: () => Promise<T>,
  check: (answer: T) => void,
  timeoutMs = 40_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      const answer = await ask();
      check(answer);
      return answer;
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
