/** Waits until the gateway answers. */
import { messageOf } from '../../platform/errors/message-of.ts';

/**
 * Polls `GET /readyz` until it answers 200.
 * @throws Error with what it said last, after `timeoutMs` or when `signal` aborts.
 */
export async function untilReady(url: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let last = 'no answer';
  while (Date.now() < deadline && !signal.aborted) {
    try {
      const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
      const text = await response.text();
      if (response.ok) return;
      last = problems(text) ?? `status ${response.status}`;
    } catch (error) {
      last = messageOf(error);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  signal.throwIfAborted();
  throw new Error(`The gateway was not ready within ${timeoutMs / 1000} s: ${last}.`);
}

function problems(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { problems?: unknown };
    return Array.isArray(body.problems) ? body.problems.join('; ') : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a page is served there. */
export async function isServed(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'text/html' },
      signal: AbortSignal.timeout(2_000),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
