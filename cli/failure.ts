/** Ends a command with a message for people, without a stack. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: number;
  /** @param exitCode 1: it failed; 2: it was called wrongly. */
  constructor(message: string, exitCode = 1, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
