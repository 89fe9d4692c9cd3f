/** Requests that may overtake each other, where only the newest one's answer is to be shown. */

/**
 * @template T
 * @param {() => Promise<T>} ask
 * @param {(answer: T) => void} show not called for an answer that comes after a newer request was begun
 * @param {(error: unknown) => void} onError likewise
 * @returns {() => Promise<void>} asks; resolves when the newest answer is shown, also where another asked for it
 */
export function newestOnly(ask, show, onError) {
  let begun = 0;
  let newest = Promise.resolve();
  /** @param {number} own */
  async function run(own) {
    try {
      const answer = await ask();
      if (own === begun) show(answer);
    } catch (error) {
      if (own === begun) onError(error);
    }
    if (own !== begun) await newest;
  }
  return () => {
    begun += 1;
    newest = run(begun);
    return newest;
  };
}
