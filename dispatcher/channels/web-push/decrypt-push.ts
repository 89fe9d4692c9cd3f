/** The browser's side of RFC 8291 on node:crypto alone, for tests: it shares no code with what encrypts. */
import { createDecipheriv, type ECDH, hkdfSync } from 'node:crypto';

/** A browser's subscription keys. */
export interface PushReceiver {
  readonly keys: ECDH;
  readonly auth: Buffer;
}

/**
 * Decrypts the body of a push message.
 * @throws Error when it is not one for this receiver.
 */
export function decryptPush(body: Buffer, { keys, auth }: PushReceiver): string {
  // RFC 8188, 2.1: salt (16), record size (4), length of the key id (1), key id: the sender's public key.
  const salt = body.subarray(0, 16);
  const recordSize = body.readUInt32BE(16);
  const senderKey = body.subarray(21, 21 + body.readUInt8(20));
  const record = body.subarray(21 + senderKey.length);
  if (record.length > recordSize) throw new Error('more than one record, which RFC 8291 forbids');
  const derive = (secret: Buffer, from: Buffer, info: Buffer | string, length: number) =>
    Buffer.from(hkdfSync('sha256', secret, from, info, length));
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), keys.getPublicKey(), senderKey]);
  const key = derive(keys.computeSecret(senderKey), auth, info, 32);
  const decipher = createDecipheriv(
    'aes-128-gcm',
    derive(key, salt, 'Content-Encoding: aes128gcm\0', 16),
    derive(key, salt, 'Content-Encoding: nonce\0', 12),
  );
  decipher.setAuthTag(record.subarray(-16));
  const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  const delimiter = padded.findLastIndex((byte) => byte !== 0);
  if (padded[delimiter] !== 2) throw new Error('the last record does not end with the delimiter 2');
  return padded.subarray(0, delimiter).toString('utf8');
}
