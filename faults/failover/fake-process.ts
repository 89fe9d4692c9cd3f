/**
 * The process of two SMS accounts that answer as Twilio's Messages resource does, or fail in the way that they were
 * told. Argument: `FakeArguments` as JSON.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'node:querystring';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOOPBACK } from '../../platform/data-services/free-port.ts';
import type {
  AccountName,
  FakeArguments,
  FakeMode,
  FakeOrder,
  FakeReport,
  FakeRequest,
} from './fake-messages.ts';

/** So long a request takes, as with a provider that is near. */
const ANSWER_MS = 20;

const { sids, authToken, retryAfterSeconds } = JSON.parse(process.argv[2] ?? '{}') as FakeArguments;
const modes: Record<AccountName, FakeMode> = { a: 'ok', b: 'ok' };
const STATUS: Readonly<Record<FakeMode, number>> = {
  ok: 201,
  unauthorized: 401,
  error: 500,
  hang: 0,
  limited: 429,
};
let untold: FakeRequest[] = [];

const accountOf = ({ url, headers }: IncomingMessage): AccountName | undefined =>
  (['a', 'b'] as const).find(
    (account) =>
      url?.split('?')[0] === `/2010-04-01/Accounts/${sids[account]}/Messages.json` &&
      headers.authorization === `Basic ${Buffer.from(`${sids[account]}:${authToken}`).toString('base64')}`,
  );

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const at = Date.now();
  const account = accountOf(request);
  const form = parse(await text(request));
  if (account === undefined) {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"code":20404}');
    return;
  }
  const status = STATUS[modes[account]];
  if (request.method === 'GET') return answerQuestion(modes[account], response);
  const [key = ''] = String(form.Body).split('\n');
  untold.push({ account, key, at, status });
  if (status === 0) return;
  await sleep(ANSWER_MS);
  const body =
    status === 201
      ? { sid: `SM${key}`, status: 'queued', error_code: null }
      : { status, ...(status === 401 && { code: 20003 }), ...(status === 429 && { code: 20429 }) };
  response
    .writeHead(status, {
      'content-type': 'application/json',
      ...(status === 429 && { 'retry-after': String(retryAfterSeconds) }),
    })
    .end(JSON.stringify(body));
}

/** The list of messages, by which an account is asked whether it is well: no message, and none of the requests told. */
function answerQuestion(mode: FakeMode, response: ServerResponse): void {
  if (mode === 'hang') return;
  const status = mode === 'ok' ? 200 : STATUS[mode];
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify(status === 200 ? { messages: [] } : { status }));
}

const http = createServer((request, response) => {
  // The other side may go in the middle.
  answer(request, response).catch(() => request.socket.destroy());
});
http.keepAliveTimeout = 60_000;

const report = (message: FakeReport): void => void (process.connected && process.send?.(message));

process.on('message', (order: FakeOrder) => {
  if (order.kind === 'mode') {
    modes[order.account] = order.mode;
    report({ kind: 'done', id: order.id, requests: [] });
    return;
  }
  const requests = untold;
  untold = [];
  report({ kind: 'done', id: order.id, requests });
});
process.once('disconnect', () => process.exit(0));

http.listen(0, LOOPBACK);
await once(http, 'listening');
report({ kind: 'listening', port: (http.address() as AddressInfo).port });
