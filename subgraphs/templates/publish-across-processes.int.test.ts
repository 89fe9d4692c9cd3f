/** Publishing takes effect on another process at once: shown with two processes. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal } from '../../platform/auth/principal.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { PUBLISHED_MAX_AGE_MS } from './cache/freshness.ts';
import { type OpenRoom, openRoom } from './testing/open-room.ts';

const services = freshDatabase();
const operator: Principal = { kind: 'operator', workspace: 'default', key: 'k', name: 'Op', root: true };

interface Answer {
  readonly body?: string;
  readonly version?: number;
  readonly error?: string;
}

let parent: OpenRoom;
/** Stores in the same database, but its messages go to a channel where nobody listens. */
let unheard: OpenRoom;
let child: ChildProcess;
let requests = 0;

beforeAll(async () => {
  child = fork(
    fileURLToPath(new URL('./testing/render-process.ts', import.meta.url)),
    [services.mongodbUri, services.redisUrl, services.namespace],
    { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  const ready = once(child, 'message');
  [parent, unheard] = await Promise.all([
    openRoom(services),
    openRoom({ ...services, namespace: `${services.namespace}-unheard` }),
  ]);
  await ready;
});

afterAll(async () => {
  const ended = once(child, 'exit');
  child.disconnect();
  await Promise.all([parent?.close(), unheard?.close(), ended]);
});

/** What the other process renders now. */
function renderThere(template: string): Promise<Answer> {
  const id = ++requests;
  return new Promise((resolve) => {
    const onMessage = (answer: Answer & { id: number }) => {
      if (answer.id !== id) return;
      child.off('message', onMessage);
      resolve(answer);
    };
    child.on('message', onMessage);
    child.send({ id, workspace: 'default', template });
  });
}

async function publish(room: OpenRoom, id: string, body: string): Promise<void> {
  const saved = await room.execute(
    operator,
    `mutation ($input: TemplateInput!, $id: ID!) { saveTemplate(input: $input) { id } publishTemplate(id: $id) { publishedVersion } }`,
    { id, input: { id, name: id, contents: [{ channel: 'IN_APP', body }] } },
  );
  expect(saved.errors).toBeUndefined();
}

/** How long until the other process renders `body`, in ms. */
async function timeUntil(template: string, body: string, limitMs = 20_000): Promise<number> {
  const start = performance.now();
  while (performance.now() - start < limitMs) {
    if ((await renderThere(template)).body === body) return performance.now() - start;
    await setTimeout(10);
  }
  throw new Error(`the other process did not render "${body}" within ${limitMs} ms`);
}

describe('a second process', () => {
  test('runs by itself', () => {
    expect(child.pid).toBeTypeOf('number');
    expect(child.pid).not.toBe(process.pid);
  });

  test('renders the new words within a second of each publish', async () => {
    expect(await renderThere('news')).not.toHaveProperty('body');
    const tookMs: number[] = [];
    for (let version = 1; version <= 5; version++) {
      await publish(parent, 'news', `words ${version}`);
      tookMs.push(await timeUntil('news', `words ${version}`));
      expect(await renderThere('news')).toMatchObject({ version });
    }
    // A busy machine may hold up one or the other.
    expect(tookMs.toSorted((a, b) => a - b)[2]).toBeLessThan(1_000);
  });

  test('goes on with the old words while a draft is saved', async () => {
    await publish(parent, 'draft', 'old');
    await timeUntil('draft', 'old');
    const saved = await parent.execute(
      operator,
      `mutation ($input: TemplateInput!) { saveTemplate(input: $input) { draftVersion } }`,
      { input: { id: 'draft', name: 'd', contents: [{ channel: 'IN_APP', body: 'new' }] } },
    );
    expect(saved).toMatchObject({ data: { saveTemplate: { draftVersion: 2 } } });
    expect(await renderThere('draft')).toMatchObject({ body: 'old', version: 1 });
  });

  test('renders the new words within the greatest age when the message is lost', async () => {
    await publish(parent, 'lost', 'old');
    await timeUntil('lost', 'old');
    // What it knows is new then.
    await setTimeout(PUBLISHED_MAX_AGE_MS + 100);
    expect(await renderThere('lost')).toMatchObject({ body: 'old', version: 1 });
    await publish(unheard, 'lost', 'new');
    // Nothing else would ever tell it; a busy machine may hold it up for seconds.
    expect(await timeUntil('lost', 'new')).toBeLessThan(PUBLISHED_MAX_AGE_MS + 9_000);
  });
});

describe('this process', () => {
  const body = async (id: string) =>
    (await parent.service.publishedTemplate('default', id))?.render('IN_APP', undefined, {}).body;

  test('sees its own publish at once', async () => {
    for (let version = 1; version <= 5; version++) {
      await publish(parent, 'own', `words ${version}`);
      expect(await body('own')).toBe(`words ${version}`);
    }
  });

  test('forgets all when its subscription was interrupted', async () => {
    await publish(parent, 'interrupted', 'words 0');
    for (let version = 1; ; version++) {
      // Its own message comes back a moment later and makes it forget once more. And what it knows is new then.
      await setTimeout(PUBLISHED_MAX_AGE_MS + 100);
      const knownAt = performance.now();
      expect(await body('interrupted')).toBe(`words ${version - 1}`);
      await publish(unheard, 'interrupted', `words ${version}`);
      const known = await body('interrupted');
      const again = once(parent.subscriber, 'ready');
      parent.subscriber.disconnect(true);
      await again;
      expect(await body('interrupted')).toBe(`words ${version}`);
      // Where that took longer than it may know anything, it proves nothing.
      if (performance.now() - knownAt > PUBLISHED_MAX_AGE_MS) continue;
      expect(known).toBe(`words ${version - 1}`);
      break;
    }
  });

  test('a read that races a publish never brings the old words back', async () => {
    await publish(parent, 'race', 'words 0');
    for (let version = 1; version <= 10; version++) {
      let publishing = true;
      const reading = (async () => {
        while (publishing) {
          await body('race');
          await setImmediate();
        }
      })();
      await publish(parent, 'race', `words ${version}`);
      publishing = false;
      await reading;
      expect(await body('race')).toBe(`words ${version}`);
    }
  });
});
