/** Sends over HTTP, cheaply: the sender shares the machine with what is measured. */
import { Pool } from 'undici';
import { machineMs } from './clock.ts';

const CONNECTIONS = 50;
const SEND =
  'mutation LiveSend($inputs: [SendNotificationInput!]!) { sendNotifications(inputs: $inputs) { error { message } } }';

export interface InAppMessage {
  readonly user: string;
  readonly body: string;
}

export class Sender {
  readonly #pool: Pool;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, apiKey: string) {
    this.#pool = new Pool(url, { connections: CONNECTIONS });
    this.#headers = { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` };
  }

  /**
   * @returns when the messages were accepted (`machineMs`).
   * @throws Error when one was not.
   */
  async send(messages: readonly InAppMessage[]): Promise<number> {
    const inputs = messages.map(({ user, body }) => ({
      content: { body },
      to: [{ user }],
      channels: ['IN_APP'],
      priority: 'HIGH',
    }));
    const answer = await this.#pool.request({
      path: '/graphql',
      method: 'POST',
      headers: this.#headers,
      body: JSON.stringify({ query: SEND, variables: { inputs } }),
    });
    const text = await answer.body.text();
    const at = machineMs();
    if (answer.statusCode !== 200 || text.includes('"message"')) throw new Error(text.slice(0, 1_000));
    return at;
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
