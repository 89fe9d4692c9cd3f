/** The mailbox of bounces on a small server, and on a real one, Dovecot; skipped where that is not installed. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Receipt } from '../contract.ts';
import { testDeps, memoryDeliveryTokens as tokens } from '../testing/test-deps.ts';
import { smtp } from './provider.ts';
import { Dovecot, hasDovecot } from './testing/dovecot.ts';
import { complaint, gmail, postfix, vacation, writtenByHand } from './testing/reports.ts';
import { SmallImapServer } from './testing/small-imap-server.ts';

const bounced = (delivery: string) =>
  postfix(tokens.tokenOf(delivery), { action: 'failed', status: '5.1.1' });

async function providerWith(config: object) {
  return smtp.create(
    smtp.config.parse({ url: 'smtp://127.0.0.1:1', from: 'herald@news.example.com', ...config }),
    testDeps(),
  );
}

describe('a mailbox that is not there', () => {
  it('is told of, without the password', async () => {
    const { listener } = await providerWith({ bounces: 'imap://u:hunter2@127.0.0.1:1?ignoreTLS=true' });
    expect(listener?.by).toBe('oneProcess');
    const run = listener?.run({
      take: async () => undefined,
      ready: () => undefined,
      signal: AbortSignal.timeout(20_000),
    });
    await expect(run).rejects.toThrow('The mailbox of bounces at 127.0.0.1 cannot be read: ECONNREFUSED');
  });

  it('is not listened to where none is named', async () => {
    expect((await providerWith({})).listener).toBeUndefined();
  });
});

describe('a mailbox of a small server, without IDLE', () => {
  it('is read, marked when it is stored, and left alone where people write', async () => {
    const server = await SmallImapServer.start();
    const stop = new AbortController();
    try {
      server.deliver(bounced('d1'));
      server.deliver(writtenByHand(tokens.tokenOf('d1')));
      const told: Receipt[] = [];
      const stored = Promise.withResolvers<void>();
      const { listener } = await providerWith({ bounces: server.url() });
      const ended = listener?.run({
        take: async (receipts) => {
          told.push(...receipts);
          await stored.promise;
        },
        ready: () => undefined,
        signal: stop.signal,
      });
      const seen = () => server.mails.map((mail) => mail.seen);
      await expect.poll(() => told).toMatchObject([{ delivery: 'd1', kind: 'bounced' }]);
      expect(seen()).toEqual([false, false]);
      stored.resolve();
      await expect.poll(seen).toEqual([true, false]);
      server.deliver(complaint(tokens.tokenOf('d2')));
      await expect.poll(seen).toEqual([true, false, true]);
      expect(told.map(({ kind }) => kind)).toEqual(['bounced', 'complained']);
      stop.abort();
      await ended;
    } finally {
      stop.abort();
      await server.stop();
    }
  });
});

// Debian: apt-get install dovecot-imapd. `.ci/run` does.
describe.skipIf(!hasDovecot())('a mailbox of Dovecot', () => {
  let server: Dovecot;
  const cleanups: (() => unknown)[] = [];
  beforeEach(async () => {
    server = await Dovecot.start();
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await server.remove();
  });

  async function listen(
    config: object = {},
    store: (told: readonly Receipt[]) => Promise<void> = async () => undefined,
  ) {
    const { listener } = await providerWith({ bounces: server.url(), ...config });
    if (!listener) throw new Error('no listener');
    const told: Receipt[] = [];
    const stop = new AbortController();
    const ready = Promise.withResolvers<void>();
    const ended = listener.run({
      take: async (receipts) => {
        told.push(...receipts);
        await store(receipts);
      },
      ready: ready.resolve,
      signal: stop.signal,
    });
    ended.catch(ready.reject);
    const end = async () => {
      stop.abort();
      await ended;
    };
    cleanups.push(() => stop.abort());
    await ready.promise;
    return { told, ended, end, listener };
  }
  const deliveries = (told: readonly Receipt[]) =>
    told.map(({ delivery, kind }) => `${delivery} ${kind}`).sort();

  it('reads what is there, and what comes while it waits', async () => {
    await server.deliver(bounced('d1'));
    await server.deliver(gmail(tokens.tokenOf('d2')));
    const { told, end } = await listen();
    await expect.poll(() => deliveries(told)).toEqual(['d1 bounced', 'd2 bounced']);
    const sentAt = performance.now();
    await server.deliver(complaint(tokens.tokenOf('d3')));
    await expect.poll(() => told.at(-1)).toMatchObject({ delivery: 'd3', kind: 'complained' });
    // Told by the server: the listener looks by itself each minute alone.
    expect(performance.now() - sentAt).toBeLessThan(30_000);
    await expect.poll(() => server.flags()).toEqual(['S', 'S', 'S']);
    await end();
    const again = await listen();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(again.told).toEqual([]);
  });

  it('marks nothing before it is stored, and tells it again', async () => {
    await server.deliver(bounced('d1'));
    const first = await listen({}, () => Promise.reject(new Error('away')));
    await expect(first.ended).rejects.toThrow('could not be stored');
    expect(await server.flags()).toEqual(['']);
    const stored = Promise.withResolvers<void>();
    const second = await listen({}, () => stored.promise);
    await expect.poll(() => second.told).toHaveLength(1);
    expect(await server.flags()).toEqual(['']);
    expect(second.told[0]?.key).toBe(first.told[0]?.key);
    stored.resolve();
    await expect.poll(() => server.flags()).toEqual(['S']);
  });

  it('moves or deletes what it stored, and leaves the mail of people alone', async () => {
    const token = tokens.tokenOf('d1');
    for (const mail of [bounced('d1'), vacation(token), writtenByHand(token)]) await server.deliver(mail);
    const moving = await listen({ bouncesAfterwards: 'move', bouncesMoveTo: 'Bounces' });
    await expect.poll(() => server.flags('Bounces')).toEqual(['S']);
    // That of the machine is seen, that of the person is not.
    await expect.poll(() => server.flags()).toEqual(['', 'S']);
    // Into the folder that is there by now.
    await server.deliver(bounced('d0'));
    await expect.poll(() => server.flags('Bounces')).toEqual(['S', 'S']);
    await moving.end();
    await server.deliver(bounced('d2'));
    const deleting = await listen({ bouncesAfterwards: 'delete' });
    await expect.poll(() => deliveries(deleting.told)).toEqual(['d2 bounced']);
    await expect.poll(() => server.flags()).toEqual(['', 'S']);
  });

  it('reads hundreds in their order', async () => {
    const ids = Array.from({ length: 130 }, (_, n) => `d${n}`);
    for (const id of ids) await server.deliver(bounced(id));
    const { told } = await listen({ bouncesAfterwards: 'delete' });
    await expect.poll(() => server.flags(), { timeout: 60_000 }).toEqual([]);
    expect(new Set(told.map(({ delivery }) => delivery))).toEqual(new Set(ids));
    expect(told).toHaveLength(130);
  }, 120_000);

  it('says that the server went away or refuses, and reads on when it is back', async () => {
    const { ended } = await listen();
    const failed = expect(ended).rejects.toThrow('The mailbox of bounces at 127.0.0.1 cannot be read');
    await server.stop();
    await failed;
    await server.start();
    await server.deliver(bounced('d1'));
    const back = await listen();
    await expect.poll(() => deliveries(back.told)).toEqual(['d1 bounced']);
  });

  it.each([
    ['another password', () => server.url({ password: 'hunter2' }), 'does not take user name and password.'],
    ['a folder that is not there', () => server.url({ folder: 'Nowhere' }), 'cannot be read'],
    // Without `ignoreTLS` no password goes over a line that everybody can read.
    ['no TLS', () => server.url().replace('?ignoreTLS=true', ''), 'cannot be read'],
  ])('says why it is not read: %s', async (_why, url, sentence) => {
    const failed = await listen({ bounces: url() }).catch((error: unknown) => error);
    expect(String(failed)).toContain(sentence);
    expect(String(failed)).not.toContain('hunter2');
  });

  it('ends at once', async () => {
    const { end } = await listen();
    const started = performance.now();
    await end();
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
