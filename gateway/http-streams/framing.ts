/** How results are written into the body of a response that stays open. */
import type { ExecutionResult } from 'graphql';

export interface Framing {
  readonly contentType: string;
  /** Comes first and at once: proxies and browsers wait for the first byte. */
  opening(): string;
  /** Keeps proxies from cutting a silent connection. */
  readonly heartbeat: string;
  /** @param id by which the stream goes on after this result, where there is one. */
  result(result: ExecutionResult, id: string | undefined): string;
  /** The reason for the end of the stream; `completed` follows. */
  failure(result: ExecutionResult): string;
  /** The operation is over. */
  readonly completed: string;
  /** The gateway goes away; the operation is not over. */
  readonly interrupted: string;
}
