/** Names of files for ids that callers choose. */

/** Allowed on every file system, and told apart from every other id: what may not be in one is written as in a URL. */
export const fileName = (id: string): string =>
  encodeURIComponent(id)
    .replace(/^\./, '%2E')
    .replace(/[*'()!~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
