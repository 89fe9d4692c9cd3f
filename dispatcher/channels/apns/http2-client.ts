/** Requests over one HTTP/2 connection, which is made anew when it ends. */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import type { Socket } from 'node:net';
import { type SendOutcome, stoppedOutcome } from '../contract.ts';
import type { Attempted } from '../network/http-attempt.ts';
import { notUnderstood } from '../network/vendor-http.ts';

export interface Http2Request {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Http2Client {
  /** Posts once; a second time only over another connection, where the first did not take the request. Never throws. */
  post(request: Http2Request): Promise<Attempted<Http2Answer>>;
  /** Waits for the requests under way and closes the connection. May be called again. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/** So often an open connection is asked whether it is one. */
const PING_EVERY_MS = 60_000;
const PING_TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024;

interface Connection {
  readonly session: ClientHttp2Session;
  /** Once it is connected. */
  socket: Socket | undefined;
  /** Requests under way. */
  open: number;
  /** It takes no further request. */
  leaving: boolean;
}

/** `refused`: the other side says that it did nothing with the request (RFC 9113, 8.7), as after a GOAWAY. */
type Tried = { readonly answer: Http2Answer } | { readonly failed: SendOutcome; readonly refused: boolean };

/**
 * @param name of the other side, for people.
 * @param pingTimeoutMs how long a connection has to show that it is one; shorter for tests.
 */
export function createHttp2Client(
  name: string,
  baseUrl: string,
  pingTimeoutMs = PING_TIMEOUT_MS,
): Http2Client {
  const { origin, host, pathname } = new URL(baseUrl);
  const base = pathname.replace(/\/$/, '');
  const connections = new Set<Connection>();
  const underWay = new Set<Promise<unknown>>();
  let current: Connection | undefined;
  let closed = false;

  function connection(): Connection {
    if (current && !current.session.closed && !current.session.destroyed) return current;
    const session = connect(origin);
    const opened: Connection = { session, socket: undefined, open: 0, leaving: false };
    current = opened;
    connections.add(opened);
    // One listener for each request that waits for the connection.
    session.setMaxListeners(0);
    const leave = () => {
      if (current === opened) current = undefined;
      opened.leaving = true;
      endWhenIdle(opened);
    };
    const connecting = setTimeout(() => session.destroy(connectTimeout()), CONNECT_TIMEOUT_MS);
    const pinging = setInterval(() => probe(session, pingTimeoutMs), PING_EVERY_MS);
    pinging.unref();
    session.once('connect', (_session, socket) => {
      clearTimeout(connecting);
      opened.socket = socket;
    });
    // The other side finishes what it has, and takes nothing more.
    session.once('goaway', leave);
    // Each request of the session tells of it.
    session.on('error', leave);
    session.once('close', () => {
      clearTimeout(connecting);
      clearInterval(pinging);
      connections.delete(opened);
      leave();
    });
    return opened;
  }

  function tryOnce({ path, headers, body, signal }: Http2Request): Promise<Tried> {
    return new Promise((resolve) => {
      const on = connection();
      const { session } = on;
      let left = !session.connecting;
      const connected = () => (left = true);
      if (!left) session.once('connect', connected);
      let stream: ClientHttp2Stream;
      try {
        stream = session.request({ ':method': 'POST', ':path': `${base}${path}`, ...headers });
      } catch (error) {
        // The session ended in between.
        resolve({ failed: notReached(host, error, false), refused: true });
        return;
      }
      on.open++;
      const stop = () => {
        stream.close(constants.NGHTTP2_CANCEL);
        // No answer in time may be a connection that is dead and does not know.
        if (left) probe(session, pingTimeoutMs);
        done({ failed: stoppedOutcome(signal, left), refused: false });
      };
      const done = (tried: Tried) => {
        signal.removeEventListener('abort', stop);
        session.removeListener('connect', connected);
        resolve(tried);
      };
      signal.addEventListener('abort', stop, { once: true });
      let answered: IncomingHttpHeaders & { ':status'?: number } = {};
      let failure: unknown;
      const chunks: Buffer[] = [];
      let bytes = 0;
      stream.once('response', (answer) => {
        answered = answer;
      });
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
        else stream.close(constants.NGHTTP2_CANCEL);
      });
      stream.once('error', (error) => (failure = error));
      stream.once('close', () => {
        on.open--;
        endWhenIdle(on);
        const status = answered[':status'];
        if (status === undefined) done(closedWithoutAnswer(stream.rstCode, failure, left));
        // A stream ends as if it were whole where it is broken off: only its code tells.
        else if (failure !== undefined || stream.rstCode !== constants.NGHTTP2_NO_ERROR)
          done({ failed: notUnderstood(name), refused: false });
        else done({ answer: { status, headers: answered, text: Buffer.concat(chunks).toString('utf8') } });
      });
      stream.end(body);
    });
  }

  function closedWithoutAnswer(rstCode: number | undefined, failure: unknown, left: boolean): Tried {
    const refused = rstCode === constants.NGHTTP2_REFUSED_STREAM;
    if (codeOf(failure) === 'ERR_HTTP2_ERROR') return { failed: notUnderstood(name), refused };
    return { failed: notReached(host, failure, left && !refused), refused };
  }

  async function post(request: Http2Request): Promise<Attempted<Http2Answer>> {
    if (request.signal.aborted) return { failed: stoppedOutcome(request.signal, false) };
    if (closed) return { failed: notReached(host, undefined, false) };
    const first = await tryOnce(request);
    if (!('failed' in first) || !first.refused || closed) return first;
    return tryOnce(request);
  }

  return {
    async post(request) {
      const posting = post(request);
      underWay.add(posting);
      try {
        return await posting;
      } finally {
        underWay.delete(posting);
      }
    },
    async close() {
      closed = true;
      await Promise.all(underWay);
      for (const { session, socket } of connections) {
        session.destroy();
        socket?.destroy();
      }
    },
  };
}

/** node:http2 leaves the end of a connection to the other side, which need not end it. */
function endWhenIdle({ socket, open, leaving }: Connection): void {
  if (leaving && open === 0) socket?.destroySoon();
}

/** Ends a connection that does not answer. */
function probe(session: ClientHttp2Session, timeoutMs: number): void {
  if (session.closed || session.destroyed || session.connecting) return;
  const silent = setTimeout(() => session.destroy(), timeoutMs);
  silent.unref();
  const asked = session.ping((error) => {
    clearTimeout(silent);
    if (error) session.destroy();
  });
  // Another one is on its way, and will do.
  if (!asked) clearTimeout(silent);
}

const connectTimeout = () => Object.assign(new Error('connect timeout'), { code: 'ETIMEDOUT' });

/** Why a request came to nothing: the innermost code, for a stream only says that its connection ended. */
function codeOf(error: unknown): string {
  let code = 'closed';
  for (let e = error; e instanceof Error; e = e.cause)
    if ('code' in e && typeof e.code === 'string') code = e.code;
  return code;
}

const notReached = (host: string, error: unknown, left: boolean): SendOutcome => ({
  kind: 'retryable',
  code: 'CHANNEL_CONNECTION_FAILED',
  message: left
    ? `${host} closed the connection without an answer (${codeOf(error)}).`
    : `${host} could not be reached (${codeOf(error)}).`,
  mayHaveSent: left,
});
