/** What a provider's fixture is: a fake of the other side, and how it can behave. Used by tests only. */
import type { OutgoingMessage, ProviderDeps } from '../contract.ts';

/** How a fake of the other side behaves. */
export const FAKE_BEHAVIOURS = [
  /** Takes every message. */
  'accept',
  /** Lets the provider connect and never says a word, so that no message can leave. */
  'silentConnection',
  /** Takes the whole message and never answers. */
  'silentAfterRequest',
  /** Nothing listens. */
  'refuseConnection',
  /** Answers with something that is not the protocol. */
  'malformedAnswer',
  /** Refuses, with an answer that repeats every secret. */
  'refuseEchoingSecrets',
] as const;
export type FakeBehaviour = (typeof FAKE_BEHAVIOURS)[number];

/** A message as the other side understood it, by an implementation of the protocol that is not the provider's. */
export interface ReceivedMessage {
  readonly title?: string;
  readonly body: string;
  /** Whatever carries the idempotency key; absent where the protocol has nothing for it. */
  readonly idempotencyKey?: string;
}

/** A running fake of the other side. */
export interface FakeProvider {
  /** By setting name: makes the provider talk to this fake. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What must never be logged or told. */
  readonly secrets: readonly string[];
  readonly recipient: Pick<OutgoingMessage, 'address' | 'pushKeys'>;
  /** For a provider whose other side is Herald itself. */
  readonly deps?: Partial<ProviderDeps>;
  received(): Promise<readonly ReceivedMessage[]>;
  openConnections(): Promise<number>;
  stop(): Promise<void>;
}

export interface ConformanceFixture {
  start(behaviour: FakeBehaviour): Promise<FakeProvider>;
  /** Behaviours that cannot be, with the reason: only for a provider without a network. */
  readonly impossible?: Readonly<Partial<Record<FakeBehaviour, string>>>;
  /** Settings that configure the provider wrongly, and the setting that the error must name. */
  readonly wrongSettings: readonly {
    readonly settings: Readonly<Record<string, unknown>>;
    readonly names: string;
  }[];
}

/** PROVIDER_ACCOUNTS with one account, for the fixture of a provider without settings of its own. */
export const accountSettings = (provider: string, config: object) => ({
  PROVIDER_ACCOUNTS: [{ provider, config }],
});
