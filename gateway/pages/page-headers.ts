/** Headers of everything that browsers get here. */

/**
 * Scripts, styles and connections of this origin alone (https://www.w3.org/TR/CSP3/). Pictures of messages come
 * from anywhere, over https.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "img-src 'self' data: https:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** There is no build step that could name files by their content: a browser asks each time and mostly gets a 304. */
const REVALIDATE = 'no-cache';

export const ASSET_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': REVALIDATE,
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};

export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  ...ASSET_HEADERS,
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'referrer-policy': 'same-origin',
  // At GET /graphql the same address answers programs with JSON.
  vary: 'accept',
};
