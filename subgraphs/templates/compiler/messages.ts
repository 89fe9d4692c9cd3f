/** What a process and the one that compiles for it say to each other. */
import type { ErrorCode } from '../../../platform/errors/herald-error.ts';

export interface Order {
  readonly task: string;
  readonly args: readonly unknown[];
}

/** `at`: what is worked on next. All others end the task. */
export type Report =
  | { readonly kind: 'at'; readonly field: string }
  | { readonly kind: 'made'; readonly value: unknown }
  /** A HeraldError, which would arrive as a plain one. */
  | {
      readonly kind: 'refused';
      readonly code: ErrorCode;
      readonly message: string;
      readonly field: string | undefined;
    }
  | { readonly kind: 'failed'; readonly error: unknown };
