/**
 * A process full of WebSocket clients (graphql-transport-ws). They share the machine with what is measured, so they
 * do little: of shared events only the first frame is parsed, the others are compared with it byte by byte. Each has
 * a subscription id of its own, as clients in the field have: a frame cannot be one for all of them.
 */
import { randomUUID } from 'node:crypto';
import WebSocket, { type RawData } from 'ws';
import { machineMs } from './clock.ts';
import { ownMessage, sharedEvent } from './frames.ts';
import type { Answered, Asked, Collected, Opening, Order, SocketPlan } from './protocol.ts';

/** Connections under way at a time: more would overflow the server's accept queue. */
const CONNECTING = 50;
const ACK = '"connection_ack"';

/** The first frame of each shared event, and where in it the subscription's id is. */
let frames: { readonly bytes: Buffer; readonly idAt: number }[] = [];
let first: number[] = [];
let last: number[] = [];
/** Shared events that a socket had, by its number. Each must be the next one. */
let had = new Uint32Array(0);
let arrived = new Float64Array(0);
let received = 0;
/** What went wrong first: everything after it is its consequence. */
let problem: Error | undefined;
let waiting: { readonly frames: number; readonly settle: (error?: Error) => void } | undefined;

function failed(error: Error): void {
  problem ??= error;
  waiting?.settle(problem);
  waiting = undefined;
}

function counted(): void {
  received++;
  if (!waiting || received < waiting.frames) return;
  waiting.settle();
  waiting = undefined;
}

function takeShared(socket: number, id: string, data: Buffer): void {
  const now = machineMs();
  const expected = had[socket] ?? 0;
  const known = frames[expected];
  if (known === undefined || !sameButForId(known, data, id)) {
    // The first of its event; or equal in meaning in other bytes, which is a server's right.
    const event = sharedEvent(data.toString());
    if (event !== expected)
      throw new Error(`event ${event} came to socket ${socket}, which needs ${expected}`);
    const idAt = data.indexOf(id);
    if (idAt < 0) throw new Error(`an event came to socket ${socket} under another id than ${id}`);
    if (known === undefined) {
      frames[expected] = { bytes: data, idAt };
      first[expected] = now;
    }
  }
  had[socket] = expected + 1;
  last[expected] = now;
  counted();
}

/** Ids are equally long (UUIDs), so that whatever follows one is at the same place in all frames of an event. */
function sameButForId({ bytes, idAt }: (typeof frames)[number], data: Buffer, id: string): boolean {
  const after = idAt + id.length;
  return (
    data.length === bytes.length &&
    data.toString('latin1', idAt, after) === id &&
    data.compare(bytes, 0, idAt, 0, idAt) === 0 &&
    data.compare(bytes, after, bytes.length, after) === 0
  );
}

function takeOwn(user: string, data: Buffer): void {
  const now = machineMs();
  const n = ownMessage(data.toString(), user);
  if (n >= arrived.length) throw new Error(`message ${n} was not sent`);
  if (arrived[n]) throw new Error(`message ${n} came twice to ${user}`);
  arrived[n] = now;
  counted();
}

function take(plan: SocketPlan, socket: number, id: string, raw: RawData): void {
  const data = raw as Buffer;
  try {
    if (plan.gets === 'shared') takeShared(socket, id, data);
    else if (plan.gets === 'own') takeOwn(plan.user ?? '', data);
    else throw new Error(`a socket that waits for nothing got ${data.toString().slice(0, 500)}`);
  } catch (error) {
    failed(error instanceof Error ? error : new Error(String(error)));
  }
}

/** Resolves when the subscription was sent: the protocol has no answer to it. */
function connect({ url, operations }: Opening, plan: SocketPlan, number: number): Promise<void> {
  const socket = new WebSocket(url, 'graphql-transport-ws', {
    localAddress: plan.from,
    perMessageDeflate: false,
    skipUTF8Validation: true,
  });
  const id = randomUUID();
  return new Promise((resolve, reject) => {
    const broken = (error: Error) => {
      reject(error);
      failed(error);
    };
    socket.on('error', broken);
    socket.on('close', (code, reason) =>
      broken(new Error(`socket ${number} from ${plan.from} was closed: ${code} ${String(reason)}`)),
    );
    socket.once('open', () =>
      socket.send(
        JSON.stringify({ type: 'connection_init', payload: { authorization: plan.authorization } }),
      ),
    );
    socket.once('message', (ack) => {
      if (!String(ack).includes(ACK)) return broken(new Error(`not acknowledged: ${String(ack)}`));
      socket.on('message', (raw) => {
        // The protocol's own ping (PROTOCOL.md) looks like no frame that is counted: it is the shortest of all.
        if ((raw as Buffer).length < 64 && String(raw).includes('"ping"'))
          return socket.send('{"type":"pong"}');
        take(plan, number, id, raw);
      });
      socket.send(JSON.stringify({ id, type: 'subscribe', payload: operations[plan.operation] }), (error) =>
        error ? broken(error) : resolve(),
      );
    });
  });
}

async function open(opening: Opening): Promise<void> {
  had = new Uint32Array(opening.sockets.length);
  const todo = opening.sockets.entries();
  const worker = async () => {
    for (const [number, plan] of todo) await connect(opening, plan, number);
  };
  await Promise.all(Array.from({ length: CONNECTING }, worker));
}

function reset(messages: number): void {
  frames = [];
  first = [];
  last = [];
  had.fill(0);
  arrived = new Float64Array(messages);
  received = 0;
}

const until = (wanted: number): Promise<void> =>
  new Promise((resolve, reject) => {
    if (problem) reject(problem);
    else if (received >= wanted) resolve();
    else waiting = { frames: wanted, settle: (error) => (error ? reject(error) : resolve()) };
  });

async function obey(order: Order): Promise<Collected | undefined> {
  switch (order.kind) {
    case 'open':
      await open(order.opening);
      return undefined;
    case 'reset':
      reset(order.messages);
      return undefined;
    case 'received':
      await until(order.frames);
      return undefined;
    case 'collect':
      if (problem) throw problem;
      return { first, last, arrived, frames: received };
  }
}

process.on('message', ({ id, order }: Asked) => {
  const answer = (said: Answered) => process.send?.(said);
  obey(order).then(
    (collected) => answer(collected ? { id, collected } : { id }),
    (error: unknown) => answer({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
