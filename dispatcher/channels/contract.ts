/**
 * The channel contract: all that a provider is to Herald. A provider folder imports this file, `network/`
 * (for HTTP to addresses that users chose) and its own SDK, nothing else of ours.
 */
import type { z } from 'zod';

/** Channels that a provider can serve: all but IN_APP, which Herald stores itself. */
export const PROVIDER_CHANNELS = [
  'WEB_PUSH',
  'MOBILE_PUSH',
  'EMAIL',
  'SMS',
  'VOICE',
  'WHATSAPP',
  'TELEGRAM',
  'WECHAT',
  'WECOM',
  'DINGTALK',
  'QQ',
  'SLACK',
  'WEBHOOK',
] as const;
export type ProviderChannel = (typeof PROVIDER_CHANNELS)[number];

/** One recipient, one message, in words. */
export interface OutgoingMessage {
  readonly workspace: string;
  readonly channel: ProviderChannel;
  /** E-mail address, E.164 phone number, chat id, URL …: what the channel's addresses are. */
  readonly address: string;
  /** For WEB_PUSH: the subscription's keys, base64url. */
  readonly pushKeys?: { readonly p256dh: string; readonly auth: string };
  readonly notification: string;
  readonly delivery: string;
  readonly event?: string;
  readonly category?: string;
  readonly priority: 'HIGH' | 'MEDIUM' | 'LOW';
  readonly expiresAt?: Date;
  readonly locale: string;
  readonly title?: string;
  readonly body: string;
  readonly html?: string;
  readonly url?: string;
  readonly imageUrl?: string;
  /** What the caller gave besides; under a provider's id, what is for that provider alone (`vendorPart`). */
  readonly data?: unknown;
  /** Where one request ends the recipient's messages of this category (RFC 8058), for channels that can say so. */
  readonly unsubscribeUrl?: string;
}

export interface SendOptions {
  /** The same for every attempt at one delivery: passed on where the provider takes such a key. */
  readonly idempotencyKey: string;
  /** Aborts at the attempt's time-out or at shutdown. */
  readonly signal: AbortSignal;
}

/**
 * What became of one attempt. `message` is for people and must hold no secret. `about: 'recipient'`: the cause is on
 * this recipient's side (a mailbox that is busy, a subscription of another key); without it, failures of connection,
 * of service and of credentials count against the provider, which is paused when they are many.
 */
export type SendOutcome =
  | { readonly kind: 'accepted'; readonly providerMessageId?: string }
  /** Worth another attempt. `mayHaveSent`: the request had left, so that another attempt may double the message. */
  | {
      readonly kind: 'retryable';
      readonly code: ChannelErrorCode;
      readonly message: string;
      readonly mayHaveSent: boolean;
      readonly about?: 'recipient';
    }
  /** The provider asks to wait; without `retryAfterMs` the usual backoff applies. */
  | { readonly kind: 'rateLimited'; readonly message: string; readonly retryAfterMs?: number }
  /** The same message will never be taken. */
  | {
      readonly kind: 'permanent';
      readonly code: ChannelErrorCode;
      readonly message: string;
      readonly about?: 'recipient';
    }
  /** The address is dead: not to be used again. */
  | { readonly kind: 'invalidRecipient'; readonly code: ChannelErrorCode; readonly message: string };

/** Provider errors, in one list. */
export const CHANNEL_ERROR_CODES = [
  'CHANNEL_TIMEOUT',
  'CHANNEL_CONNECTION_FAILED',
  'CHANNEL_PROVIDER_UNAVAILABLE',
  'CHANNEL_RATE_LIMITED',
  'CHANNEL_UNAUTHORIZED',
  'CHANNEL_MISCONFIGURED',
  'CHANNEL_MESSAGE_REJECTED',
  'CHANNEL_MESSAGE_TOO_LARGE',
  'CHANNEL_ADDRESS_INVALID',
  'CHANNEL_ADDRESS_GONE',
  'CHANNEL_ADDRESS_NOT_ALLOWED',
  'CHANNEL_NOT_DELIVERED',
  'CHANNEL_UNEXPECTED_ANSWER',
  'CHANNEL_RENDER_FAILED',
  'CHANNEL_INTERNAL',
] as const;
export type ChannelErrorCode = (typeof CHANNEL_ERROR_CODES)[number];

/**
 * The outcome of an attempt that its signal ended.
 * @param mayHaveSent whether the message had left by then.
 */
export const stoppedOutcome = (signal: AbortSignal, mayHaveSent: boolean): SendOutcome => ({
  kind: 'retryable',
  code: 'CHANNEL_TIMEOUT',
  message:
    signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError'
      ? 'The provider did not answer within the time of an attempt.'
      : 'The attempt was stopped before the provider answered.',
  mayHaveSent,
});

/** A request that came to a provider account's receipt address, as it came. */
export interface RawReceipt {
  readonly method: string;
  /** Whole, as the provider called it: some sign it. */
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a provider tells later of a message that it took. */
export interface Receipt {
  /** The same for each repeat of this receipt, and for no other of the account. */
  readonly key: string;
  /**
   * `deferred`: not yet. `bounced`: the address is dead. `failed`: this message was not delivered. `complained` (as
   * spam) and `unsubscribed` end the recipient's messages.
   */
  readonly kind:
    | 'delivered'
    | 'deferred'
    | 'failed'
    | 'bounced'
    | 'complained'
    | 'unsubscribed'
    | 'opened'
    | 'clicked'
    | 'dismissed';
  /** As `accepted` told it. */
  readonly providerMessageId?: string;
  /** `OutgoingMessage.delivery`, where the provider carried it there and back. */
  readonly delivery?: string;
  readonly address?: string;
  readonly at?: Date;
  /** For people; no secret. */
  readonly message?: string;
}

/**
 * What was understood of a request. `answer`: what the provider wants to hear; 204 without.
 * `unauthorized` is answered 401, `malformed` 400: nothing of them is believed.
 */
export type ParsedReceipts =
  | { readonly kind: 'receipts'; readonly receipts: readonly Receipt[]; readonly answer?: ReceiptAnswer }
  | { readonly kind: 'unauthorized'; readonly message: string }
  | { readonly kind: 'malformed'; readonly message: string };
export interface ReceiptAnswer {
  readonly status: number;
  readonly contentType?: string;
  readonly body?: string;
}

/** What a listener is given for one run. */
export interface Listening {
  /**
   * Stores receipts, with all that follows from them. Only then may the source forget them: what is told again after a
   * crash is known by its key. @throws Error when that cannot be done now: the source is to keep them.
   */
  readonly take: (receipts: readonly Receipt[]) => Promise<void>;
  /** To be called when the source is reached: what was wrong before is over. */
  readonly ready: () => void;
  /** Ends the run: the account is gone, the process stops, or another one has its turn. */
  readonly signal: AbortSignal;
}

/** For a provider that learns of receipts by itself: on its own connection, or from a mailbox. */
export interface ReceiptListener {
  /**
   * `eachProcess`: they come to whoever has a connection. `oneProcess`: there is one place to look, and one process
   * at a time does; the others stand by.
   */
  readonly by: 'eachProcess' | 'oneProcess';
  /**
   * Listens until the signal, then resolves. It is run again, after a growing pause, when it throws.
   * @throws Error when the source is lost; its message is shown to people and holds no secret.
   */
  run(listening: Listening): Promise<void>;
}

/** Whether the other side is well; a sentence for people where it is not. */
export type ProviderHealth = { readonly ok: true } | { readonly ok: false; readonly message: string };

/** A configured provider, ready to send. */
export interface Provider {
  /** Most attempts worth having under way at once: more would wait inside the provider, their time running. */
  readonly concurrency?: number;
  /** One attempt for one recipient. Never throws and never returns before the outcome is known. */
  send(message: OutgoingMessage, options: SendOptions): Promise<SendOutcome>;
  /** Whether the provider can be reached and takes the credentials; a sentence for people otherwise. */
  health?(signal: AbortSignal): Promise<ProviderHealth>;
  /** Verifies who sent `raw`, and reads it. Never throws. Absent where the provider sends no receipts. */
  parseReceipts?(raw: RawReceipt, signal: AbortSignal): Promise<ParsedReceipts>;
  /** Absent where nothing is to be listened to. A provider may have both this and `parseReceipts`. */
  readonly listener?: ReceiptListener;
  /** Lets go of connections. */
  close?(): Promise<void>;
}

/** Values that all workers share, such as an access token that a provider gives one at a time. Encrypted at rest. */
export interface SharedValues {
  /**
   * The value of `name` (of this provider account alone), made where there is none: by one worker, for all.
   * @throws what `make` throws.
   */
  get(
    name: string,
    make: () => Promise<{ readonly value: string; readonly expiresAt: Date }>,
    signal: AbortSignal,
  ): Promise<string>;
  /** The provider refuses `value`: the next `get` makes another, unless another worker has. */
  drop(name: string, value: string): Promise<void>;
}

/** Names of deliveries that go out with messages and come back in receipts, signed so that nobody can make one up. */
export interface DeliveryTokens {
  /** Of letters, digits and `_ - .`, never two dots together. */
  tokenOf(delivery: string): string;
  /** The delivery of a token; undefined for what is none of ours. */
  deliveryOf(token: string): string | undefined;
}

/** What Herald gives to every provider. */
export interface ProviderDeps {
  /** The account's key: its receipts come to `/receipts/<account>`. */
  readonly account: string;
  readonly log: {
    warn(fields: object, text: string): void;
    info(fields: object, text: string): void;
  };
  readonly now: () => Date;
  /** Keeps a message that the sandbox took, for people to look at: one per delivery, the last wins. */
  readonly keepSandboxMessage: (message: OutgoingMessage, at: Date) => Promise<void>;
  readonly shared: SharedValues;
  readonly deliveryTokens: DeliveryTokens;
}

/** A provider as plain data. */
export interface ProviderDefinition<C extends z.ZodType = z.ZodType> {
  /** For example `smtp`; shown in `Delivery.provider`. */
  readonly id: string;
  readonly name: string;
  readonly channels: readonly ProviderChannel[];
  /**
   * Validates the configuration, and draws the console's form: an object schema without transforms, each
   * field with `meta({ title })`, and `secret: true` in it where the value must not be shown.
   */
  readonly config: C;
  /**
   * It reaches into the machine or the network that Herald runs in: only operators of the first workspace may have
   * accounts of it. Single fields are marked by `installation: true` in their `meta`; those that say where secrets go,
   * by `destination: true`.
   */
  readonly installation?: boolean;
  /**
   * For a provider with settings of its own: those behind fields of the configuration, so that an error can name them.
   * A field without one can be had in an account only.
   */
  readonly settings?: Readonly<Record<string, string>>;
  readonly capabilities: {
    /** A second message with the same idempotency key does not reach the person twice. */
    readonly idempotent: boolean;
    readonly html: boolean;
    /** The vendor sends receipts to the account's address: what it creates has `parseReceipts`, if its configuration allows. */
    readonly receipts?: true;
  };
  readonly limits: {
    /** Longest body in characters; none when absent. */
    readonly bodyChars?: number;
  };
  /** Those of its channels that an account serves, where its configuration says so. Without it: all. */
  serves?(config: z.output<C>): readonly ProviderChannel[];
  /** Whether an address of its channels is one of this provider's (a token of APNs is none of FCM's). Without it: all. */
  takes?(address: string): boolean;
  /**
   * The host behind an address, where recipients have servers of their own: one that fails is paused alone. Without
   * it all addresses share one account, and one circuit breaker.
   */
  destination?(address: string): string | undefined;
  /**
   * The configuration from settings of its own (by name), to be validated by `config`; undefined when they do not
   * configure it. Most providers have none: they are configured in `PROVIDER_ACCOUNTS`, or by operators.
   */
  fromSettings?(settings: Readonly<Record<string, unknown>>): object | undefined;
  /**
   * Loads what only this provider needs (an SDK) here, not where it is imported.
   * @throws Error only for a configuration that its schema cannot tell to be wrong.
   */
  create(config: z.output<C>, deps: ProviderDeps): Provider | Promise<Provider>;
}
