/**
 * Messages that Amazon SNS posts, and who signed them.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html
 */
import { type KeyObject, verify, X509Certificate } from 'node:crypto';
import { z } from 'zod';

export const snsMessage = z.object({
  Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: z.string().min(1).max(200),
  TopicArn: z.string(),
  Message: z.string(),
  Subject: z.string().optional(),
  Timestamp: z.string(),
  SignatureVersion: z.enum(['1', '2']),
  Signature: z.string(),
  SigningCertURL: z.string(),
  SubscribeURL: z.string().optional(),
  Token: z.string().optional(),
});
export type SnsMessage = z.output<typeof snsMessage>;

/** Gets a text by https; undefined when it cannot be had now. */
export type FetchText = (url: URL, signal: AbortSignal) => Promise<string | undefined>;

const SIGNED_FIELDS = {
  Notification: ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'],
  SubscriptionConfirmation: [
    'Message',
    'MessageId',
    'SubscribeURL',
    'Timestamp',
    'Token',
    'TopicArn',
    'Type',
  ],
  UnsubscribeConfirmation: ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'],
} as const;

/** SNS changes its certificates now and then, and has one a region. */
const CERTIFICATES_KEPT = 16;

/** A URL of SNS itself: https, its own host, nothing before it. Undefined for every other. */
export function snsUrl(text: string): URL | undefined {
  const url = URL.parse(text);
  return url !== null &&
    url.protocol === 'https:' &&
    url.port === '' &&
    url.username === '' &&
    url.password === '' &&
    /^sns\.[a-z0-9-]{3,40}\.amazonaws\.com(\.cn)?$/.test(url.hostname)
    ? url
    : undefined;
}

export interface SnsVerifier {
  /** `unknown`: the certificate could not be had now. Never throws. */
  verify(message: SnsMessage, signal: AbortSignal): Promise<'genuine' | 'forged' | 'unknown'>;
}

export function createSnsVerifier(fetchText: FetchText, now: () => Date): SnsVerifier {
  const kept = new Map<string, X509Certificate>();

  async function certificateAt(url: URL, signal: AbortSignal): Promise<X509Certificate | undefined> {
    const known = kept.get(url.href);
    if (known) return known;
    const pem = await fetchText(url, signal);
    if (pem === undefined) return undefined;
    const certificate = new X509Certificate(pem);
    if (kept.size >= CERTIFICATES_KEPT) kept.clear();
    kept.set(url.href, certificate);
    return certificate;
  }

  return {
    async verify(message, signal) {
      const url = snsUrl(message.SigningCertURL);
      if (!url || !/^\/SimpleNotificationService-[\w-]+\.pem$/.test(url.pathname) || url.search !== '')
        return 'forged';
      try {
        const certificate = await certificateAt(url, signal);
        if (!certificate) return 'unknown';
        return isCurrent(certificate, now()) && isSigned(message, certificate.publicKey)
          ? 'genuine'
          : 'forged';
      } catch {
        // What is no certificate at SNS's own address, or no key that signs, proves nothing.
        return 'forged';
      }
    },
  };
}

const isCurrent = ({ validFrom, validTo }: X509Certificate, now: Date): boolean =>
  new Date(validFrom) <= now && now <= new Date(validTo);

const isSigned = (message: SnsMessage, key: KeyObject): boolean =>
  verify(
    message.SignatureVersion === '1' ? 'RSA-SHA1' : 'RSA-SHA256',
    Buffer.from(stringToSign(message)),
    key,
    Buffer.from(message.Signature, 'base64'),
  );

/** Each field that is there, its name and its value on lines of their own. */
export const stringToSign = (message: SnsMessage): string =>
  SIGNED_FIELDS[message.Type]
    .flatMap((name) => (message[name] === undefined ? [] : [`${name}\n${message[name]}\n`]))
    .join('');
