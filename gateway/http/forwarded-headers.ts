/** The headers of a caller that subgraphs of others are given. Pure. */
import type { IncomingHttpHeaders } from 'node:http';

/**
 * @param names in lower case.
 * @param given further ones that win: a browser's WebSocket cannot set headers, its `connection_init` says them.
 */
export function forwardedHeaders(
  names: readonly string[],
  headers: IncomingHttpHeaders,
  given: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, string>> {
  const said = new Map(
    Object.entries(given).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name.toLowerCase(), value] as const] : [],
    ),
  );
  const forwarded: Record<string, string> = {};
  for (const name of names) {
    const value = said.get(name) ?? headers[name];
    if (value !== undefined) forwarded[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return forwarded;
}
