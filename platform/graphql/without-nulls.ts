/**
 * An input object without its members that are null or undefined: to GraphQL callers they mean "left out".
 * @typeParam T the same object with those members optional instead of nullable.
 */
export const withoutNulls = <T>(value: object): T =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member != null)) as T;
