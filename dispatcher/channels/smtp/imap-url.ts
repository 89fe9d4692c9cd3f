/** What an `imap:` or `imaps:` URL (RFC 5092) says of the mailbox that bounces come to. */

/** What its query may say of the connection; the names are those of `smtp:` URLs. */
const QUERY_OPTIONS = ['ignoreTLS', 'tls.rejectUnauthorized', 'tls.servername'];

export interface Mailbox {
  readonly host: string;
  readonly port: number;
  /** `always`: from the first byte; `upgrade`: by STARTTLS, or not at all; `never`: for servers of one's own machine. */
  readonly tls: 'always' | 'upgrade' | 'never';
  readonly rejectUnauthorized: boolean;
  readonly servername?: string;
  readonly user: string;
  readonly password: string;
  readonly folder: string;
}

/** @returns a sentence when the URL is none that can be used. It does not repeat the URL, which holds a password. */
export function imapUrlProblem(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || !['imap:', 'imaps:'].includes(url.protocol) || url.hostname === '')
    return 'must be a URL like imaps://user:password@imap.example.com/INBOX';
  if (url.username === '' || url.password === '') return 'must have a user name and a password';
  try {
    decodeURIComponent(`${url.username}${url.password}${url.pathname}`);
  } catch {
    return 'has a % in the user name, password or folder that is not written as %25';
  }
  const unknown = [...url.searchParams.keys()].find((name) => !QUERY_OPTIONS.includes(name));
  return unknown === undefined
    ? undefined
    : `has an unknown option "${unknown}" (known: ${QUERY_OPTIONS.join(', ')})`;
}

/** @param value what `imapUrlProblem` let through. */
export function mailboxOf(value: string): Mailbox {
  const url = new URL(value);
  const secure = url.protocol === 'imaps:';
  const servername = url.searchParams.get('tls.servername');
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 993 : 143) : Number(url.port),
    tls: secure ? 'always' : url.searchParams.get('ignoreTLS') === 'true' ? 'never' : 'upgrade',
    rejectUnauthorized: url.searchParams.get('tls.rejectUnauthorized') !== 'false',
    ...(servername !== null && { servername }),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    folder: decodeURIComponent(url.pathname.slice(1)) || 'INBOX',
  };
}
