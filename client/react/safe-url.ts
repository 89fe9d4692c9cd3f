/** A host that no address can mean: what stays on it was relative. */
const HERE = 'https://here.invalid';

/**
 * An address that is safe to follow or to load: http(s), or relative to the page's own origin. Anything else, such as
 * `javascript:`, `data:`, `//elsewhere.example` or one with a user name in it, is undefined.
 */
export function safeUrl(url: string | null | undefined): string | undefined {
  if (url === null || url === undefined || url.trim() === '') return undefined;
  // Parsed as browsers do (WHATWG URL), who ignore tabs, line breaks and leading controls in a scheme.
  const absolute = parsed(url);
  if (absolute) {
    const web = absolute.protocol === 'https:' || absolute.protocol === 'http:';
    return web && absolute.username === '' && absolute.password === '' ? absolute.href : undefined;
  }
  return parsed(url, HERE)?.origin === HERE ? url.trim() : undefined;
}

/** `URL.parse` for browsers that don't have it. */
function parsed(url: string, base?: string): URL | undefined {
  try {
    return new URL(url, base);
  } catch {
    return undefined;
  }
}
