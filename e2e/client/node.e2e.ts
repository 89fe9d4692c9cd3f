/** The Node client against the whole platform: many sends in few requests, each with its own outcome, each once. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Herald, HeraldConnectionError, HeraldRequestError, type SendInput } from '../../client/index.ts';
import { usePlatform } from '../support/platform.ts';
import { bodies, Person, until } from './people.ts';

const platform = usePlatform();

/** Passes requests on and counts them; of the first `lose` ones it throws the answer away. */
let front: Server;
let requests = 0;
let lose = 0;
let url: string;
beforeAll(async () => {
  front = createServer((incoming, outgoing) => {
    requests += 1;
    const isLost = lose > 0;
    if (isLost) lose -= 1;
    const passed = request(
      `${platform.url}${incoming.url}`,
      { method: incoming.method, headers: incoming.headers },
      (answer) => {
        if (isLost) {
          answer.resume();
          answer.once('end', () => outgoing.destroy());
          return;
        }
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    passed.once('error', () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
});
afterAll(() => {
  front.closeAllConnections();
  front.close();
});

const inApp = (user: string, body: string): SendInput => ({
  content: { body },
  to: [{ user }],
  channels: ['IN_APP'],
});
const client = (options: { readonly retryForMs?: number } = {}) => {
  requests = 0;
  return new Herald({ url, apiKey: platform.operatorKey, ...options });
};
const texts = (count: number) =>
  Array.from({ length: count }, (_, index) => `text ${String(index).padStart(3, '0')}`);

test('a hundred sends at once are few requests, and a wrong one fails alone', async () => {
  const kim = await Person.of(platform, 'kim');
  const herald = client();
  const inputs = texts(100).map((text) => inApp(kim.id, text));
  inputs[41] = inApp('nobody-of-this-name', 'lost');
  // Refused by type: it takes the whole request with it, which then goes again without it.
  inputs[77] = { ...inApp(kim.id, 'wrong'), channels: ['FAX' as 'SMS'] };
  const results = await Promise.allSettled(inputs.map((input) => herald.send(input)));
  const refused = results.flatMap((one, index) => (one.status === 'rejected' ? [[index, one.reason]] : []));
  expect(refused).toEqual([
    [41, expect.any(HeraldRequestError)],
    [77, expect.any(HeraldRequestError)],
  ]);
  expect(refused[0]?.[1]).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.to.0.user' });
  expect(refused[1]?.[1]).toMatchObject({
    code: 'BAD_USER_INPUT',
    field: expect.stringMatching(/^input\.channels/),
  });
  expect(requests).toBeLessThanOrEqual(4);
  const inbox = kim.inbox();
  try {
    const all = await until(inbox, 'all', ({ unreadCount }) => unreadCount === 98);
    expect(all.unreadCount).toBe(98);
  } finally {
    inbox.close();
  }
  await herald.close();
  await expect(herald.send(inApp(kim.id, 'late'))).rejects.toThrow('closed');
});

test('answers that are lost: tried again, sent once', async () => {
  const lea = await Person.of(platform, 'lea');
  const herald = client();
  lose = 2;
  const sent = await Promise.all(texts(20).map((text) => herald.send(inApp(lea.id, text))));
  expect(sent.every(({ deduplicated }) => deduplicated)).toBe(true);
  expect(requests).toBe(3);
  const inbox = lea.inbox();
  try {
    const all = await until(
      inbox,
      'all',
      ({ messages, status }) => status === 'live' && messages.length >= 20,
    );
    expect(bodies(all)).toEqual(texts(20));
  } finally {
    inbox.close();
  }
  await herald.close();
});

test('`close` sends what waits; a signal gives up one; nobody there is told after the time for tries', async () => {
  const max = await Person.of(platform, 'max');
  const herald = client();
  const abort = new AbortController();
  const given = herald.send(inApp(max.id, 'given up'), { signal: abort.signal });
  const kept = herald.send(inApp(max.id, 'kept'));
  abort.abort(new Error('enough'));
  await herald.close();
  await expect(given).rejects.toThrow('enough');
  expect(await kept).toMatchObject({ deduplicated: false });
  expect(requests).toBe(1);

  const nowhere = new Herald({ url: 'http://127.0.0.1:1', apiKey: 'k', retryForMs: 0 });
  await expect(nowhere.send(inApp(max.id, 'x'))).rejects.toBeInstanceOf(HeraldConnectionError);
  const refused = client();
  const stranger = new Herald({ url, apiKey: 'hk_wrong' });
  await expect(stranger.send(inApp(max.id, 'x'))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await refused.close();
});
