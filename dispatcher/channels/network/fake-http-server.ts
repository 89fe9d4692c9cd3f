import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { FakeBehaviour } from '../testing/fake-provider.ts';
import { httpOrWorse, listening } from './testing/listening.ts';

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface FakeAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface FakeHttpServer {
  /** `http://127.0.0.1:…`; with https for `silentConnection`, where the TLS handshake gets no answer. */
  readonly origin: string;
  readonly requests: readonly FakeRequest[];
  openConnections(): Promise<number>;
  /** @throws what `answer` threw. */
  stop(): Promise<void>;
}

/**
 * Starts one on a free port of 127.0.0.1.
 * @param answer what it answers where the behaviour is to answer.
 * @param isAside requests that are no message, such as one for an access token: kept out of `requests`, and answered
 * where messages are met with silence.
 */
export async function startFakeHttpServer(
  behaviour: FakeBehaviour,
  answer: (request: FakeRequest) => FakeAnswer,
  isAside: (request: FakeRequest) => boolean = () => false,
): Promise<FakeHttpServer> {
  const requests: FakeRequest[] = [];
  const mistakes: unknown[] = [];
  const http = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      // It broke off: there is nobody to answer.
      return;
    }
    const { method = '', url: path = '', headers: sentHeaders } = request;
    const received = { method, path, headers: sentHeaders, body: Buffer.concat(chunks) };
    const aside = isAside(received);
    if (!aside) requests.push(received);
    const { status, headers, body } = answerOr500(received);
    // It has understood the message, as the other side would, and keeps its answer to itself.
    if (behaviour === 'silentAfterRequest' && !aside) return;
    response.writeHead(status, headers).end(body);
  });
  /** A fixture that throws is a mistake of its own, and told as such: nobody is left waiting for an answer. */
  function answerOr500(request: FakeRequest): FakeAnswer {
    try {
      return answer(request);
    } catch (error) {
      mistakes.push(error);
      return { status: 500, body: 'The fixture failed.' };
    }
  }
  const { port, openConnections, stop } = await listening(httpOrWorse(http, behaviour), behaviour);
  return {
    origin: `${behaviour === 'silentConnection' ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests,
    openConnections,
    async stop() {
      await stop();
      if (mistakes.length > 0) throw mistakes[0];
    },
  };
}
