/**
 * Verifies the signature of a request to AWS by the letter of its documentation. Used by tests only.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac } from 'node:crypto';
import type { FakeRequest } from '../fake-http-server.ts';

/** @returns why it is wrong; undefined when it is right. */
export function sigv4Problem(
  request: FakeRequest,
  key: { readonly accessKeyId: string; readonly secretAccessKey: string },
  scope: { readonly region: string; readonly service: string },
): string | undefined {
  const header = (name: string) => String(request.headers[name] ?? '');
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      header('authorization'),
    );
  if (!parts) return 'MissingAuthenticationTokenException';
  const [, id, day = '', region, service, names = '', signature] = parts;
  if (id !== key.accessKeyId) return 'UnrecognizedClientException';
  if (region !== scope.region || service !== scope.service) return 'InvalidSignatureException';
  const at = header('x-amz-date');
  if (!at.startsWith(day) || !names.split(';').includes('host')) return 'InvalidSignatureException';
  const [path = '', query = ''] = request.path.split('?');
  const canonical = [
    request.method,
    path,
    query.split('&').sort().join('&'),
    ...names.split(';').map((name) => `${name}:${header(name).trim().replace(/ +/g, ' ')}`),
    '',
    names,
    createHash('sha256').update(request.body).digest('hex'),
  ].join('\n');
  const text = [
    'AWS4-HMAC-SHA256',
    at,
    `${day}/${region}/${service}/aws4_request`,
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n');
  const signing = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${key.secretAccessKey}`,
  );
  return createHmac('sha256', signing).update(text).digest('hex') === signature
    ? undefined
    : 'InvalidSignatureException';
}
