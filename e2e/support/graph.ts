/** The graph as a caller sees it: over HTTP and over WebSocket, with one credential. */
import { createClient } from 'graphql-ws';

export interface GraphError {
  readonly message: string;
  readonly extensions: { readonly code: string; readonly field?: string };
}
export interface Answer<T> {
  readonly data?: T | null;
  readonly errors?: readonly GraphError[];
}

export class Graph {
  readonly #url: string;
  readonly #credential: string | undefined;

  /** @param url of the gateway, without a path. */
  constructor(url: string, credential?: string) {
    this.#url = `${url}/graphql`;
    this.#credential = credential;
  }

  /** The whole answer, errors and all. */
  async ask<T>(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Answer<T>> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(this.#credential && { authorization: `Bearer ${this.#credential}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer<T>;
  }

  /** The data. @throws Error when there are errors. */
  async data<T>(query: string, variables?: Readonly<Record<string, unknown>>): Promise<T> {
    const { data, errors } = await this.ask<T>(query, variables);
    if (errors || !data) throw new Error(`${query.trim().split('\n', 1)[0]}: ${JSON.stringify(errors)}`);
    return data;
  }

  /** What a subscription gives. Leaving the loop ends it. */
  async *events<T>(
    query: string,
    variables: Readonly<Record<string, unknown>> = {},
  ): AsyncGenerator<T, void, void> {
    const client = createClient({
      url: this.#url.replace('http', 'ws'),
      connectionParams: { authorization: `Bearer ${this.#credential}` },
      retryAttempts: 0,
    });
    try {
      for await (const { data, errors } of client.iterate<T>({ query, variables: { ...variables } })) {
        if (errors || !data) throw new Error(`subscription: ${JSON.stringify(errors)}`);
        yield data;
      }
    } finally {
      await client.dispose();
    }
  }
}

export const SEND = `mutation Send($input: SendNotificationInput!) {
  sendNotification(input: $input) { deduplicated notification { id state } }
}`;
export interface Sent {
  readonly sendNotification: {
    readonly deduplicated: boolean;
    readonly notification: { readonly id: string; readonly state: string };
  };
}
