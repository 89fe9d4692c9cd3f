import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import smppLibrary, { type PDU, type Session } from 'smpp';
import { afterEach, describe, expect, it } from 'vitest';
import { createSmppPool } from './smpp-pool.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** An SMSC that binds everybody and answers no message. */
async function start(onEnquire: (pdu: PDU, session: Session) => void, answerMs = 60_000) {
  const sessions: Session[] = [];
  const server = smppLibrary.createServer((session) => {
    sessions.push(session);
    session.on('error', () => session.destroy());
    session.on('bind_transceiver', (pdu: PDU) => session.send(pdu.response()));
    session.on('enquire_link', (pdu: PDU) => onEnquire(pdu, session));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  cleanups.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const account = { systemId: 'a', password: 'b', systemType: '', tls: false, binds: 1, window: 2 };
  const pool = createSmppPool(smppLibrary, { host: '127.0.0.1', port, ...account }, async () => 0, {
    everyMs: 20,
    answerMs,
  });
  cleanups.push(() => pool.close());
  return { pool, sessions };
}
const MESSAGE = { destination_addr: '491701234567', short_message: Buffer.from('x') };

describe('createSmppPool', () => {
  it('asks whether the connection lives, and keeps it while it does', async () => {
    let asked = 0;
    const { pool, sessions } = await start((pdu, session) => {
      asked += 1;
      session.send(pdu.response());
    });
    const stop = new AbortController();
    const answer = pool.ask('submit_sm', MESSAGE, stop.signal);
    await expect.poll(() => asked).toBeGreaterThan(15);
    stop.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    expect(sessions).toHaveLength(1);
  });

  it('gives up a connection that says nothing, and what waits on it', async () => {
    const { pool, sessions } = await start(() => undefined, 1_000);
    let left = false;
    const answer = pool.ask('submit_sm', MESSAGE, AbortSignal.timeout(20_000), () => {
      left = true;
    });
    await expect(answer).rejects.toMatchObject({ why: 'lost', code: 'ETIMEDOUT' });
    expect(left).toBe(true);
    const stop = new AbortController();
    const again = pool.ask('submit_sm', MESSAGE, stop.signal);
    await expect.poll(() => sessions.length).toBe(2);
    stop.abort(new Error('enough'));
    await expect(again).rejects.toThrow('enough');
  });

  it('lets go of a place that an aborted request waited for', async () => {
    const { pool } = await start((pdu, session) => session.send(pdu.response()));
    const stops = [1, 2, 3].map(() => new AbortController());
    const asked = stops.map(({ signal }) => pool.ask('submit_sm', MESSAGE, signal));
    for (const one of asked) one.catch(() => undefined);
    stops[2]?.abort(new Error('waited'));
    await expect(asked[2]).rejects.toThrow('waited');
    stops[0]?.abort(new Error('sent'));
    await expect(asked[0]).rejects.toThrow('sent');
    // Two places: one is free again.
    expect(await pool.ask('enquire_link', {}, AbortSignal.timeout(20_000))).toMatchObject({
      command: 'enquire_link_resp',
    });
    stops[1]?.abort();
  });

  it('makes no connection after it was closed', async () => {
    const { pool, sessions } = await start(() => undefined);
    await pool.close();
    await expect(pool.ask('submit_sm', MESSAGE, AbortSignal.timeout(500))).rejects.toMatchObject({
      why: 'closed',
    });
    expect(sessions).toEqual([]);
  });
});
