/** A shop lets its customers sign in by a code: by SMS, and by a call when they do not tell it in time. */
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Herald, HeraldConnectionError, HeraldRequestError, type OtpInput } from '../../client/index.ts';
import { eventually } from '../support/eventually.ts';
import { usePlatform } from '../support/platform.ts';

const platform = usePlatform();
let herald: Herald;
beforeAll(async () => {
  const { createApp } = await platform.operator.data<{ createApp: { apiKey: string } }>(
    'mutation { createApp(name: "Shop") { apiKey } }',
  );
  herald = new Herald({ url: platform.url, apiKey: createApp.apiKey });
});
afterAll(() => herald?.close());

interface Shown {
  readonly sandboxMessages: readonly {
    readonly channel: string;
    readonly address: string;
    readonly title: string | null;
    readonly body: string;
  }[];
}
/** What a phone shows, as the sandbox kept it; oldest first. */
const shownTo = async (address: string) => {
  const { sandboxMessages } = await platform.operator.data<Shown>(
    '{ sandboxMessages(first: 100) { channel address title body } }',
  );
  return sandboxMessages.filter((message) => message.address === address).toReversed();
};
const received = async (address: string, count: number) =>
  eventually(
    () => shownTo(address),
    (messages) => expect(messages).toHaveLength(count),
  );
/** The phone may be quicker than the provider's answer. */
const sent = (id: string) =>
  eventually(
    () =>
      platform.operator.data<{ notification: { deliveries: { nodes: { state: string }[] } } }>(
        'query ($id: ID!) { notification(id: $id) { deliveries { nodes { state } } } }',
        { id },
      ),
    ({ notification }) => expect(notification.deliveries.nodes.map(({ state }) => state)).toContain('SENT'),
  );
const codeIn = (body: string | undefined): string => /\d{6}/.exec(body ?? '')?.[0] ?? '';
const otherThan = (code: string): string => code.replace(/\d$/, (last) => String((Number(last) + 1) % 10));
const login = (address: string, further: Partial<OtpInput> = {}): OtpInput => ({
  to: { address },
  purpose: 'login',
  ...further,
});

test('the code comes by SMS, a wrong one is refused, the right one counts once', async () => {
  const phone = '+4930100001';
  const asked = await herald.requestOtp(login(phone, { locale: 'de' }));
  expect(asked).toMatchObject({ channel: 'SMS', maskedAddress: '+49•••01' });
  const [message] = await received(phone, 1);
  expect(message).toMatchObject({ channel: 'SMS', title: null });
  expect(message?.body).toMatch(/^\d{6} ist Ihr Code für login\. Er gilt 5 Minuten\./);
  const code = codeIn(message?.body);
  await sent(asked.notification);

  expect(await herald.verifyOtp({ id: asked.id, code: otherThan(code) })).toMatchObject({
    status: 'WRONG',
    attemptsLeft: 4,
  });
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => herald.verifyOtp({ to: { address: phone }, purpose: 'login', code })),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([
    'NOT_FOUND',
    'NOT_FOUND',
    'NOT_FOUND',
    'NOT_FOUND',
    'VERIFIED',
  ]);

  const { notification } = await platform.operator.data<{ notification: unknown }>(
    `query ($id: ID!) { notification(id: $id) {
      priority data timeline { type detail } deliveries { nodes { state openedAt } }
    } }`,
    { id: asked.notification },
  );
  expect(notification).toMatchObject({
    priority: 'HIGH',
    data: { code: '--one-time-code--' },
    deliveries: { nodes: [{ state: 'DELIVERED', openedAt: expect.any(String) }] },
  });
  expect(JSON.stringify(notification)).not.toContain(code);
});

test('five wrong codes lock, and asking again is refused', async () => {
  const phone = '+4930100002';
  const asked = await herald.requestOtp(login(phone));
  const [message] = await received(phone, 1);
  const code = codeIn(message?.body);
  for (const attemptsLeft of [4, 3, 2, 1])
    expect(await herald.verifyOtp({ id: asked.id, code: otherThan(code) })).toMatchObject({
      status: 'WRONG',
      attemptsLeft,
    });
  const locked = await herald.verifyOtp({ id: asked.id, code: otherThan(code) });
  expect(locked.status).toBe('LOCKED');
  expect(locked.lockedUntil?.getTime()).toBeGreaterThan(Date.now() + 600_000);
  expect((await herald.verifyOtp({ id: asked.id, code })).status).toBe('LOCKED');
  await expect(herald.requestOtp(login(phone))).rejects.toMatchObject({
    code: 'RATE_LIMITED',
    retryAfterMs: expect.any(Number),
  });
  expect(await shownTo(phone)).toHaveLength(1);
});

test('another code is sent only after a while', async () => {
  const phone = '+4930100003';
  const { resendAfter } = await herald.requestOtp(login(phone));
  expect(resendAfter.getTime()).toBeGreaterThan(Date.now() + 20_000);
  const refusal = await herald.requestOtp(login(phone)).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(HeraldRequestError);
  expect(refusal).toMatchObject({ code: 'RATE_LIMITED' });
});

test('nobody told it in time: a call reads it out, and when it was told before, none is made', async () => {
  const late = '+4930100004';
  const inTime = '+4930100005';
  const call = (afterSeconds: number) => ({ fallback: [{ channel: 'VOICE' as const, afterSeconds }] });
  const asked = await herald.requestOtp(login(late, call(5)));
  const quick = await herald.requestOtp(login(inTime, call(120)));
  const [text] = await received(inTime, 1);
  await sent(quick.notification);
  expect((await herald.verifyOtp({ id: quick.id, code: codeIn(text?.body) })).status).toBe('VERIFIED');

  const [sms, voice] = await received(late, 2);
  const code = codeIn(sms?.body);
  expect(voice).toMatchObject({ channel: 'VOICE' });
  expect(voice?.body).toContain([...code].join(', '));
  expect((await herald.verifyOtp({ id: asked.id, code })).status).toBe('VERIFIED');
  await eventually(
    () =>
      platform.operator.data<{
        notification: { deliveries: { nodes: { channel: string; skipReason: string | null }[] } };
      }>(`query ($id: ID!) { notification(id: $id) { deliveries { nodes { channel skipReason } } } }`, {
        id: quick.notification,
      }),
    ({ notification: { deliveries } }) =>
      expect(deliveries.nodes.find(({ channel }) => channel === 'VOICE')?.skipReason).toBe(
        'FALLBACK_NOT_NEEDED',
      ),
  );
  expect(await shownTo(inTime)).toHaveLength(1);
});

test('an answer that is lost on its way makes no second code', async () => {
  const phone = '+4930100006';
  let lose = 1;
  const front = createServer((incoming, outgoing) => {
    const isLost = lose-- > 0;
    const passed = httpRequest(
      `${platform.url}${incoming.url}`,
      { method: incoming.method, headers: incoming.headers },
      (answer) => {
        if (isLost) answer.resume().once('end', () => outgoing.destroy());
        else answer.pipe(outgoing.writeHead(answer.statusCode ?? 502, answer.headers));
      },
    );
    passed.once('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((listening) => front.listen(0, '127.0.0.1', listening));
  try {
    const url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
    const unsteady = new Herald({ url, apiKey: platform.operatorKey });
    const asked = await unsteady.requestOtp(login(phone));
    const [message] = await received(phone, 1);
    expect((await unsteady.verifyOtp({ id: asked.id, code: codeIn(message?.body) })).status).toBe('VERIFIED');
    lose = 1;
    await expect(unsteady.verifyOtp({ id: asked.id, code: '123456' })).rejects.toBeInstanceOf(
      HeraldConnectionError,
    );
  } finally {
    front.closeAllConnections();
    front.close();
  }
});
