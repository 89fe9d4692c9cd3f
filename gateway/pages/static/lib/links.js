/**
 * An address of a message that may be opened: http, https, or a path of this site. What else somebody put there
 * (`javascript:` above all) is no link.
 * @param {string | null | undefined} url
 * @returns {string | undefined}
 */
export function safeLink(url) {
  if (!url || !URL.canParse(url, location.href)) return undefined;
  const { protocol, href } = new URL(url, location.href);
  return protocol === 'https:' || protocol === 'http:' ? href : undefined;
}
