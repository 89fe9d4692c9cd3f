/**
 * Signs requests to Alibaba Cloud: ACS3-HMAC-SHA256 over an RPC call with its parameters in the query
 * (https://help.aliyun.com/document_detail/2593177.html).
 */
import { createHash, createHmac } from 'node:crypto';

export interface AcsCall {
  /** Of the endpoint, with its port where it is not the usual one. */
  readonly host: string;
  readonly action: string;
  readonly version: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly at: Date;
  /** Different for every call. */
  readonly nonce: string;
}

/** The query and the headers of the signed request, which is a POST to `/` without a body. */
export function signAcsCall(
  call: AcsCall,
  credentials: { readonly accessKeyId: string; readonly accessKeySecret: string },
): { readonly query: string; readonly headers: Readonly<Record<string, string>> } {
  const query = Object.entries(call.parameters)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
    .join('&');
  const signed = {
    host: call.host,
    'x-acs-action': call.action,
    'x-acs-content-sha256': sha256(''),
    'x-acs-date': call.at.toISOString().replace(/\.\d+Z$/, 'Z'),
    'x-acs-signature-nonce': call.nonce,
    'x-acs-version': call.version,
  };
  // Written in the order of their names.
  const names = Object.keys(signed).join(';');
  const canonicalHeaders = Object.entries(signed).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ['POST', '/', query, canonicalHeaders.join(''), names, sha256('')].join('\n');
  const signature = createHmac('sha256', credentials.accessKeySecret)
    .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
    .digest('hex');
  const authorization = `ACS3-HMAC-SHA256 Credential=${credentials.accessKeyId},SignedHeaders=${names},Signature=${signature}`;
  return { query, headers: { ...signed, authorization } };
}

/** RFC 3986: only A-Z, a-z, 0-9 and -_.~ stay. A lone surrogate, which UTF-8 has no form for, becomes U+FFFD. */
const percentEncode = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
