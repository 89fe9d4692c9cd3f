/** Tells Herald that this browser is in use, where it takes web push: devices not seen for months get none any more. */
import { browser } from '../environment.ts';
import type { GraphqlSocket } from '../graphql-socket.ts';
import { DEVICE_SEEN } from '../operations.ts';

/** Herald writes it down as seldom. */
const EVERY_MS = 10 * 60_000;

export class DeviceSeen {
  #toldAt = Number.NEGATIVE_INFINITY;

  /** Does nothing where it was told lately, or push is off. Never rejects: the next time tells as well. */
  async tell(herald: Pick<GraphqlSocket, 'request'>): Promise<void> {
    if (Date.now() - this.#toldAt < EVERY_MS) return;
    this.#toldAt = Date.now();
    try {
      const registrations = (await browser.navigator?.serviceWorker?.getRegistrations?.()) ?? [];
      for (const { pushManager } of registrations) {
        const endpoint = (await pushManager?.getSubscription())?.endpoint;
        if (endpoint !== undefined) await herald.request(DEVICE_SEEN, { endpoint });
      }
    } catch (error) {
      this.#toldAt = Number.NEGATIVE_INFINITY;
      console.warn('herald: not told that this device is in use:', error);
    }
  }
}
