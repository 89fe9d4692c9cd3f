/** What a webhook account, and a message for one, may say of the request besides its address. */
import { z } from 'zod';

/** All but CONNECT and TRACE, which are none for applications (RFC 9110, 9.3). */
export const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'HEAD', 'OPTIONS'] as const;
export type Method = (typeof METHODS)[number];

/** Whether a request of this method carries the message: for GET and HEAD the address has to say it all. */
export const hasBody = (method: Method): boolean => method !== 'GET' && method !== 'HEAD';

const MAX_HEADERS = 32;
const MAX_VALUE_CHARS = 8_192;

/** Of the connection (RFC 9110, 7.6.1), of where the request goes and how long it is, and of the signature. */
const RESERVED = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
]);

/** Headers by name. Whatever could end a header and begin another is refused, and so are those Herald sets itself. */
export const headersSchema = z.record(z.string(), z.string()).superRefine((headers, context) => {
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  const problem = (message: string) => context.addIssue({ code: 'custom', message });
  if (names.length > MAX_HEADERS) problem(`must be at most ${MAX_HEADERS}`);
  if (new Set(names).size < names.length) problem('has a name twice');
  for (const [name, value] of Object.entries(headers)) {
    // A token of RFC 9110, 5.6.2.
    if (!/^[!#$%&'*+.^`|~\w-]{1,128}$/.test(name)) problem('has a name that is none of a header');
    else if (RESERVED.has(name.toLowerCase())) problem(`must not have "${name}": Herald sets it itself`);
    // The value may be a secret: it is not repeated.
    else if (value.length > MAX_VALUE_CHARS || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      problem(`has a value of "${name}" that is too long, or has characters that no header takes`);
  }
});

/** What `data.webhook` takes. */
export const webhookPart = z.strictObject({
  method: z.enum(METHODS).optional(),
  headers: headersSchema.optional(),
});

/** Several sets of headers as one, names in lower case; the last of a name counts. */
export const mergedHeaders = (
  ...sets: readonly (Readonly<Record<string, string>> | undefined)[]
): Record<string, string> =>
  Object.fromEntries(
    sets.flatMap((set = {}) => Object.entries(set).map(([name, value]) => [name.toLowerCase(), value])),
  );
