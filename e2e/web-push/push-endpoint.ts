/** A push service on this machine, and a browser's keys for it. */
import { createECDH, type ECDH, randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { decryptPush } from '../../dispatcher/channels/web-push/decrypt-push.ts';

export interface ReceivedPush {
  readonly headers: IncomingHttpHeaders;
  /** The body, decrypted with the browser's keys (RFC 8291). */
  readonly plaintext: string;
}

export interface PushEndpoint {
  /** What `PushSubscription.toJSON()` would give. */
  readonly subscription: {
    readonly endpoint: string;
    readonly keys: { readonly p256dh: string; readonly auth: string };
  };
  readonly received: readonly ReceivedPush[];
  /** Answers 410 from now on: the person has taken back the permission. */
  forget(): void;
  close(): Promise<void>;
}

export async function openPushEndpoint(): Promise<PushEndpoint> {
  const keys: ECDH = createECDH('prime256v1');
  const p256dh = keys.generateKeys('base64url');
  const auth = randomBytes(16);
  const received: ReceivedPush[] = [];
  let status = 201;
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    if (status === 201)
      received.push({ headers: request.headers, plaintext: decryptPush(body, { keys, auth }) });
    response.writeHead(status).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    subscription: {
      endpoint: `http://127.0.0.1:${port}/push/${randomBytes(8).toString('hex')}`,
      keys: { p256dh, auth: auth.toString('base64url') },
    },
    received,
    forget: () => {
      status = 410;
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
