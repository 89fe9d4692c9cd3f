/** Libraries that go down into tags call themselves for each level. */

export const TOO_DEEP = 'Its tags are nested too deep.';

export const isStackOverflow = (error: unknown): boolean =>
  error instanceof RangeError && /call stack/.test(error.message);
