/** What an `smtp:` or `smtps:` URL may say, in its query, about the connection: nodemailer's options by name. */
const QUERY_OPTIONS = [
  'authMethod',
  'ignoreTLS',
  'maxConnections',
  'maxMessages',
  'name',
  'rateDelta',
  'rateLimit',
  'requireTLS',
  'tls.rejectUnauthorized',
  'tls.servername',
];

/** Connections to the server when the URL does not say `maxConnections`. */
const DEFAULT_MAX_CONNECTIONS = 10;

/** @returns a sentence when the URL is not one that `smtp` can use. It does not repeat the URL, which holds a password. */
export function smtpUrlProblem(value: string): string | undefined {
  const url = URL.parse(value);
  if (url === null || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '')
    return 'must be a URL like smtps://user:password@mail.example.com';
  try {
    decodeURIComponent(`${url.username}${url.password}`);
  } catch {
    return 'has a % in the user name or password that is not written as %25';
  }
  const unknown = [...url.searchParams.keys()].find((name) => !QUERY_OPTIONS.includes(name));
  if (unknown !== undefined) return `has an unknown option "${unknown}" (known: ${QUERY_OPTIONS.join(', ')})`;
  const connections = url.searchParams.get('maxConnections');
  if (connections !== null && !/^[1-9]\d{0,3}$/.test(connections))
    return 'has a maxConnections that is not a number from 1 to 9999';
  return undefined;
}

/** How many connections, and so how many e-mails at once, an SMTP URL allows. */
export const maxConnectionsOf = (url: string): number =>
  Number(new URL(url).searchParams.get('maxConnections') ?? DEFAULT_MAX_CONNECTIONS);

/** All forms in which an SMTP URL's credentials travel (RFC 4616 PLAIN, LOGIN), to be kept out of texts. */
export function secretsOf(smtpUrl: string): readonly string[] {
  const { username, password } = new URL(smtpUrl);
  if (password === '') return [];
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return [...new Set([password, pass, base64(pass), base64(`\0${user}\0${pass}`)])];
}
