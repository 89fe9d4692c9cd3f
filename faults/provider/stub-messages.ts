/** What the provider stub and the process that runs it say to each other. */
import type { StubChannel } from './received.ts';

/**
 * How a channel answers. Taken and written down: `ok`; `slow30s` answers 30 s later; `hold` answers once the mode
 * changes; `halfBody` breaks off in the middle of its yes. Not taken: `429` (with Retry-After; SMTP: 450), `5xx`
 * (SMTP: 451), `reset` (the connection, after the message).
 */
export type StubMode = 'ok' | '429' | '5xx' | 'reset' | 'halfBody' | 'slow30s' | 'hold';

export interface StubArguments {
  readonly journalPath: string;
  /** 0: any free one. */
  readonly httpPort: number;
  readonly smtpPort: number;
  readonly modes: Readonly<Partial<Record<StubChannel, StubMode>>>;
  retryAfterSeconds: number;
}

export type StubOrder =
  | {
      readonly kind: 'mode';
      readonly id: number;
      readonly channel: StubChannel;
      readonly mode: StubMode;
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: 'attempts'; readonly id: number };

export type StubReport =
  | { readonly kind: 'listening'; readonly httpPort: number; readonly smtpPort: number }
  | { readonly kind: 'done'; readonly id: number; readonly attempts: Readonly<Record<StubChannel, number>> }
  | { readonly kind: 'trouble'; readonly text: string };
