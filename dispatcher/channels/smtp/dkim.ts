/** Signs e-mails (DKIM, RFC 6376), for servers that do not. */
import { createPrivateKey } from 'node:crypto';
import type { Readable } from 'node:stream';
import DKIM from 'nodemailer/lib/dkim';

/**
 * The fields that RFC 6376 (5.4.1) recommends, and List-Unsubscribe-Post: without its signature no mail program
 * shows a one-click button (RFC 8058, 4). A field that is not there is not signed.
 */
const SIGNED_FIELDS =
  'From:Reply-To:Subject:Date:To:Cc:Message-ID:MIME-Version:Content-Type:Content-Transfer-Encoding:' +
  'Auto-Submitted:List-Unsubscribe:List-Unsubscribe-Post';

/** RFC 8301: shorter ones are not believed. */
const MIN_KEY_BITS = 1024;

export interface Dkim {
  /** The e-mail with its signature in front. */
  sign(mail: Readable): Readable;
}

export function createDkim(key: {
  readonly domain: string;
  readonly selector: string;
  /** PEM. */
  readonly privateKey: string;
}): Dkim {
  const signer = new DKIM({
    domainName: key.domain,
    keySelector: key.selector,
    privateKey: pemOf(key.privateKey),
    headerFieldNames: SIGNED_FIELDS,
  });
  return { sign: (mail) => signer.sign(mail) };
}

/** @returns a sentence when e-mails cannot be signed with this key. It does not repeat the key. */
export function dkimKeyProblem(pem: string): string | undefined {
  try {
    const key = createPrivateKey(pemOf(pem));
    if (key.asymmetricKeyType !== 'rsa') return 'must be an RSA key';
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) < MIN_KEY_BITS
      ? `must have at least ${MIN_KEY_BITS} bits`
      : undefined;
  } catch {
    // OpenSSL's reason would be of no help, and could quote the key.
    return 'must be a private key as PEM, without a passphrase';
  }
}

/** Line breaks may be written as `\n`, where the key is one line of an environment file. */
const pemOf = (text: string): string => text.replaceAll('\\n', '\n').trim();
