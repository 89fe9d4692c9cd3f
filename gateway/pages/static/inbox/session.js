/** The demo's session: who the page is, and the credentials it calls with. */

/** @typedef {{ userToken: string, expiresAt: string, appKey: string, user: string }} Session */

/** A token is renewed when less than this is left. */
const RENEW_BEFORE_MS = 60_000;

export class DemoSession {
  /** @type {Session | undefined} */
  #current;
  /** @type {Promise<Session> | undefined} */
  #asking;

  /**
   * @returns {Promise<Session>}
   * @throws Error with the server's sentence where there is no demo.
   */
  async get() {
    if (this.#current && Date.parse(this.#current.expiresAt) - Date.now() > RENEW_BEFORE_MS)
      return this.#current;
    this.#asking ??= ask().finally(() => {
      this.#asking = undefined;
    });
    this.#current = await this.#asking;
    return this.#current;
  }

  /** Credential of the person. */
  userToken = async () => (await this.get()).userToken;
  /** Credential of the backend service. */
  appKey = async () => (await this.get()).appKey;

  /** @returns {number} how long until the token should be renewed, in milliseconds */
  get renewInMs() {
    return this.#current
      ? Math.max(1_000, Date.parse(this.#current.expiresAt) - Date.now() - RENEW_BEFORE_MS)
      : 1_000;
  }
}

async function ask() {
  const response = await fetch('/inbox/session', {
    headers: { accept: 'application/json' },
    cache: 'no-store',
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message ?? `The session was refused (HTTP ${response.status}).`);
  return answer;
}
