/** What the fakes' process and the suite say to each other. */

export type AccountName = 'a' | 'b';

/**
 * How an account answers. `ok`: 201, taken. `unauthorized`: 401, as Twilio has it. `error`: 500. `hang`: nothing, until
 * the other side goes. `limited`: 429 with Retry-After.
 */
export type FakeMode = 'ok' | 'unauthorized' | 'error' | 'hang' | 'limited';

export interface FakeArguments {
  /** Twilio's names of the two accounts. */
  readonly sids: Readonly<Record<AccountName, string>>;
  readonly authToken: string;
  readonly retryAfterSeconds: number;
}

/** A message that came in. */
export interface FakeRequest {
  readonly account: AccountName;
  /** The first line of the text, by which the client knows it. */
  readonly key: string;
  /** Epoch ms. */
  readonly at: number;
  /** Of the answer; 0 for none. */
  readonly status: number;
}

export type FakeOrder =
  | { readonly kind: 'mode'; readonly id: number; readonly account: AccountName; readonly mode: FakeMode }
  /** Tells what has come in since the last time. */
  | { readonly kind: 'requests'; readonly id: number };

export type FakeReport =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'done'; readonly id: number; readonly requests: readonly FakeRequest[] };
