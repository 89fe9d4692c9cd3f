import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import smppLibrary, { type PDU, type Session } from 'smpp';
import { SMTPServer } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import type { OutgoingMessage, Provider, Receipt } from '../contract.ts';
import { testDeps } from '../testing/test-deps.ts';
import { joinSegments } from './conformance-fixture.ts';
import { smpp } from './provider.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const LONG = 'Grüße 🎉 – '.repeat(20);

/** An SMSC of the same package that binds everybody. @param onSubmit the status, or undefined for no answer. */
async function start(
  config: object = {},
  onSubmit: (pdu: PDU, session: Session) => number | undefined = () => 0,
) {
  const submitted: PDU[] = [];
  const sessions: Session[] = [];
  const logged: object[] = [];
  const server = smppLibrary.createServer((session) => {
    sessions.push(session);
    session.on('error', () => session.destroy());
    session.on('bind_transceiver', (pdu: PDU) => session.send(pdu.response()));
    session.on('enquire_link', (pdu: PDU) => session.send(pdu.response()));
    session.on('unbind', (pdu: PDU) => session.send(pdu.response()));
    session.on('submit_sm', (pdu: PDU) => {
      submitted.push(pdu);
      const status = onSubmit(pdu, session);
      if (status !== undefined)
        session.send(pdu.response({ command_status: status, message_id: `id-${submitted.length}` }));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  cleanups.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const account = { host: '127.0.0.1', port, systemId: 'herald', password: 'secret', from: 'Herald' };
  const provider: Provider = await smpp.create(
    smpp.config.parse({ ...account, ...config }),
    testDeps({
      log: { info: (fields) => void logged.push(fields), warn: (fields) => void logged.push(fields) },
    }),
  );
  cleanups.push(() => provider.close?.());
  const message: OutgoingMessage = {
    workspace: 'default',
    channel: 'SMS',
    address: '+491701234567',
    notification: 'n1',
    delivery: 'd1',
    priority: 'HIGH',
    locale: 'de',
    body: 'Hello',
  };
  const send = (more: Partial<OutgoingMessage> = {}, signal = AbortSignal.timeout(20_000)) =>
    provider.send({ ...message, ...more }, { idempotencyKey: 'k', signal });
  return { provider, send, submitted, sessions, logged };
}

describe('smpp provider', () => {
  it('says to whom and from whom, and how long it may take', async () => {
    const { send, submitted } = await start({ deliveryReceipts: false });
    const expiresAt = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000);
    expect(await send({ expiresAt })).toEqual({ kind: 'accepted', providerMessageId: 'id-1' });
    expect(submitted[0]).toMatchObject({
      source_addr_ton: 5,
      source_addr: 'Herald',
      destination_addr: '491701234567',
      registered_delivery: 0,
      data_coding: 0,
      validity_period: expiresAt,
    });
    await send({ data: { smpp: { from: '+4930123456' } } });
    await send({ data: { smpp: { from: '12345' } } });
    expect(submitted.slice(1)).toMatchObject([
      { source_addr_ton: 1, source_addr: '4930123456' },
      { source_addr_ton: 3, source_addr: '12345' },
    ]);
    expect(await send({ data: { smpp: { from: 'much too long a name' } } })).toMatchObject({
      kind: 'permanent',
      about: 'recipient',
    });
  });

  it.each([
    ['udh', 4],
    ['sar', 4],
    ['payload', 1],
  ] as const)('sends a long text by %s', async (longMessages, count) => {
    const { send, submitted } = await start({ longMessages });
    expect(await send({ body: LONG })).toEqual({ kind: 'accepted', providerMessageId: 'id-1' });
    expect(submitted).toHaveLength(count);
    expect(joinSegments(submitted)).toEqual([LONG]);
  });

  it('sends no more segments than it may', async () => {
    const { send, submitted } = await start({ maxSegments: 3 });
    expect(await send({ body: LONG })).toMatchObject({
      kind: 'permanent',
      code: 'CHANNEL_MESSAGE_TOO_LARGE',
    });
    expect(submitted).toEqual([]);
  });

  it('tells that it is throttled before the first segment, and goes on behind it', async () => {
    const first = await start({}, () => 0x58);
    expect(await first.send({ body: LONG })).toMatchObject({ kind: 'rateLimited' });
    expect(first.submitted).toHaveLength(1);
    const { send, submitted } = await start({}, () => (submitted.length === 2 ? 0x58 : 0));
    expect(await send({ body: LONG })).toMatchObject({ kind: 'accepted' });
    expect(submitted).toHaveLength(5);
  });

  it('says that some of it was sent when a later segment is refused for now', async () => {
    const { send, submitted } = await start({}, () => (submitted.length === 2 ? 0x08 : 0));
    expect(await send({ body: LONG })).toMatchObject({ kind: 'retryable', mayHaveSent: true });
    const none = await start({}, () => 0x08);
    expect(await none.send()).toMatchObject({ kind: 'retryable', mayHaveSent: false });
    const dead = await start({}, () => 0x0b);
    expect(await dead.send()).toMatchObject({ kind: 'invalidRecipient' });
  });

  it('keeps to its window on each of its connections', async () => {
    const unanswered: (() => void)[] = [];
    const perSession = new Map<Session, number>();
    const { provider, send, submitted } = await start({ binds: 2, window: 3 }, (pdu, session) => {
      perSession.set(session, (perSession.get(session) ?? 0) + 1);
      unanswered.push(() => session.send(pdu.response({ message_id: 'x' })));
      return undefined;
    });
    expect(provider.concurrency).toBe(6);
    const sent = Promise.all(Array.from({ length: 14 }, async () => (await send()).kind));
    await expect.poll(() => submitted.length).toBe(6);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(submitted).toHaveLength(6);
    expect([...perSession.values()]).toEqual([3, 3]);
    // One answer makes room for one message.
    unanswered.shift()?.();
    await expect.poll(() => submitted.length).toBe(7);
    while (submitted.length < 14 || unanswered.length > 0) {
      unanswered.shift()?.();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(new Set(await sent)).toEqual(new Set(['accepted']));
    expect(perSession.size).toBe(2);
  });

  it('connects again after the SMSC hung up', async () => {
    let hangUp = true;
    const { send, sessions } = await start({}, (_pdu, session) => {
      if (!hangUp) return 0;
      hangUp = false;
      session.destroy();
      return undefined;
    });
    expect(await send()).toMatchObject({
      kind: 'retryable',
      code: 'CHANNEL_CONNECTION_FAILED',
      mayHaveSent: true,
    });
    expect(await send()).toMatchObject({ kind: 'accepted' });
    expect(sessions).toHaveLength(2);
  });

  it('trusts no certificate that nobody vouches for', async () => {
    // Any server with such a certificate: the handshake comes before the protocol.
    const server = new SMTPServer({ secure: true });
    server.on('error', () => undefined);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    cleanups.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const { port } = server.server.address() as AddressInfo;
    const { send } = await start({ port, host: 'localhost', tls: true });
    expect(await send()).toMatchObject({
      kind: 'retryable',
      code: 'CHANNEL_CONNECTION_FAILED',
      message: expect.stringContaining('CERT'),
      mayHaveSent: false,
    });
  });

  /** A receipt of the SMSC, and what it is answered with. */
  const deliver = (session: Session | undefined, fields: object) =>
    new Promise<number>((resolve, reject) => {
      if (!session) reject(new Error('no session'));
      else session.deliver_sm({ ...fields }, ({ command_status }) => resolve(command_status));
    });
  const RECEIPT = {
    esm_class: 4,
    short_message: 'id:ID-1 sub:001 dlvrd:001 stat:DELIVRD err:000 text:',
  };
  function listen(provider: Provider, take: (receipts: readonly Receipt[]) => Promise<void>) {
    const stop = new AbortController();
    const ready = Promise.withResolvers<void>();
    const ended = provider.listener?.run({ take, ready: ready.resolve, signal: stop.signal });
    cleanups.push(() => stop.abort());
    return { ready: ready.promise, ended, stop: () => stop.abort() };
  }

  it('answers a receipt when it is stored, and not before', async () => {
    const { provider, sessions } = await start();
    const taken: Receipt[] = [];
    const stored = Promise.withResolvers<void>();
    const { ready } = listen(provider, (receipts) => {
      taken.push(...receipts);
      return stored.promise;
    });
    // Nothing was sent: it is bound to listen.
    await ready;
    let status: number | undefined;
    const answered = deliver(sessions[0], RECEIPT).then((told) => {
      status = told;
    });
    await expect.poll(() => taken).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(status).toBeUndefined();
    stored.resolve();
    await answered;
    expect(status).toBe(0);
    expect(taken).toEqual([
      {
        key: 'id-1:DELIVRD',
        kind: 'delivered',
        providerMessageId: 'id-1',
        message: 'The SMSC says DELIVRD, error 000.',
      },
    ]);
  });

  it('asks the SMSC to tell a receipt again that was not stored, or that nobody listens to', async () => {
    const { provider, send, sessions } = await start();
    await send();
    expect(await deliver(sessions[0], RECEIPT)).toBe(0x64);
    let works = false;
    const { ready, ended, stop } = listen(provider, async () => {
      if (!works) throw new Error('the database is away');
    });
    await ready;
    expect(await deliver(sessions[0], RECEIPT)).toBe(0x64);
    works = true;
    expect(await deliver(sessions[0], RECEIPT)).toBe(0);
    stop();
    await ended;
    expect(await deliver(sessions[0], RECEIPT)).toBe(0x64);
  });

  it('passes over what somebody wrote, and logs nothing of it', async () => {
    const { provider, sessions, logged } = await start();
    const { ready } = listen(provider, () => Promise.reject(new Error('not a receipt')));
    await ready;
    expect(await deliver(sessions[0], { short_message: 'a secret of somebody' })).toBe(0);
    expect(logged).toEqual([{}]);
  });

  it('tells by its listener that the SMSC cannot be reached', async () => {
    const { provider } = await start({ port: 1 });
    await expect(listen(provider, async () => undefined).ended).rejects.toThrow(
      'The SMSC could not be reached (ECONNREFUSED).',
    );
  });

  it('asks for one receipt of a message, and none where it is not to', async () => {
    const { send, submitted } = await start();
    await send({ body: LONG });
    expect(submitted.map(({ registered_delivery }) => registered_delivery)).toEqual([1, 0, 0, 0]);
    const without = await start({ deliveryReceipts: false });
    expect(without.provider.listener).toBeUndefined();
  });

  it('finds the messages of an SMSC that writes their ids in two ways', async () => {
    const { provider, send, sessions } = await start({ receiptIds: 'decimal' }, (pdu, session) => {
      session.send(pdu.response({ message_id: '00FF' }));
      return undefined;
    });
    expect(await send()).toEqual({ kind: 'accepted', providerMessageId: '255' });
    const taken: Receipt[] = [];
    const { ready } = listen(provider, async (receipts) => void taken.push(...receipts));
    await ready;
    expect(await deliver(sessions[0], { esm_class: 4, short_message: 'id:0000000255 stat:REJECTD' })).toBe(0);
    expect(taken).toMatchObject([{ providerMessageId: '255', kind: 'failed' }]);
  });

  it.each(['01701234567', '+49 170', ''])('takes no address %j, and no empty text', async (address) => {
    const { send, sessions } = await start();
    expect(await send({ address })).toMatchObject({ kind: 'invalidRecipient' });
    expect(await send({ body: ' ' })).toMatchObject({ kind: 'permanent', about: 'recipient' });
    expect(sessions).toEqual([]);
  });
});
