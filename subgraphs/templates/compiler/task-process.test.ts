import { afterEach, describe, expect, test, vi } from 'vitest';
import { StoppedTask, type TaskLimits, TaskProcess } from './task-process.ts';

vi.setConfig({ testTimeout: 60_000 });

const LIMITS: TaskLimits = {
  startMs: 60_000,
  stepMs: 60_000,
  taskMs: 60_000,
  memoryMb: 64,
  idleMs: 60_000,
  maxWaiting: 10,
};
const open: TaskProcess[] = [];

function start(limits: Partial<TaskLimits> = {}): (task: string, ...args: unknown[]) => Promise<unknown> {
  const run = startFor(limits);
  return (task, ...args) => run('somebody', task, ...args);
}

function startFor(
  limits: Partial<TaskLimits> = {},
): (asker: string, task: string, ...args: unknown[]) => Promise<unknown> {
  const tasks = new TaskProcess(new URL('./testing/stubborn-process.ts', import.meta.url), {
    ...LIMITS,
    ...limits,
  });
  open.push(tasks);
  return (asker, task, ...args) => tasks.run(asker, { task, args }, 'start');
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((tasks) => tasks.close()));
});

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a task', () => {
  test('gets what it is given, as it is', async () => {
    const run = start();
    const data = JSON.parse('{"__proto__": {"a": 1}, "n": null, "list": [1, "x"]}') as unknown;
    const [copy, none] = (await run('echo', data, undefined)) as [object, undefined];
    expect(JSON.stringify(copy)).toBe(JSON.stringify(data));
    expect(none).toBeUndefined();
  });

  test('throws what it throws', async () => {
    const run = start();
    await expect(run('refuse')).rejects.toMatchObject({ code: 'CONFLICT', field: 'there', message: 'no' });
    await expect(run('fail')).rejects.toThrow('broken');
    await expect(run('echo', () => undefined)).rejects.toThrow(/could not be cloned/);
    expect(await run('echo')).toEqual([]);
  });
});

describe('a task that is ended names what it worked on', () => {
  test.each<[task: string, Partial<TaskLimits>, field: string | RegExp, message: RegExp]>([
    ['loop', { stepMs: 300 }, 'second', /^It takes longer than 300 ms: make it simpler\.$/],
    ['steps', { taskMs: 600 }, /^step\.\d+$/, /^With all before it, it takes longer than 600 ms/],
    ['fill', {}, 'memory', /^It takes more than 64 MB of memory: make it smaller\.$/],
  ])('%s', async (task, limits, field, message) => {
    const run = start(limits);
    // What waits behind it is done by another process.
    const [ended, next] = await Promise.allSettled([run(task), run('echo', 1)]);
    const error = ended.status === 'rejected' ? (ended.reason as StoppedTask) : undefined;
    expect(error).toBeInstanceOf(StoppedTask);
    expect(error?.field).toMatch(field);
    expect(error?.message).toMatch(message);
    expect(next).toEqual({ status: 'fulfilled', value: [1] });
  });

  test('a process that leaves is told as what it is', async () => {
    const run = start();
    await expect(run('leave')).rejects.toThrow('the process that compiles has ended: 3');
    expect(await run('echo')).toEqual([]);
  });
});

test('who asks for slow tasks waits for the others, not they for all of them', async () => {
  const run = startFor();
  const done: string[] = [];
  const ask = (asker: string, task: string, what: number) =>
    run(asker, task, what).then(() => done.push(asker));
  await Promise.all([
    ...[2_000, 2_001].map((ms) => ask('slow', 'wait', ms)),
    ...[1, 2, 3].map((what) => ask('quick', 'echo', what)),
    ask('other', 'echo', 1),
  ]);
  expect(done).toHaveLength(6);
  expect(done.slice(0, 5).toSorted()).toEqual(['other', 'quick', 'quick', 'quick', 'slow']);
});

describe('a task whose process was killed from outside', () => {
  test('is done by the next one', async () => {
    const run = start();
    const pid = (await run('pid')) as number;
    const waiting = run('wait', 1_000);
    process.kill(pid, 'SIGKILL');
    expect(await waiting).toBe(1_000);
    expect(await run('pid')).not.toBe(pid);
  });

  test('but not again and again: the system kills what needs too much memory, too', async () => {
    const run = start();
    await expect(run('perish')).rejects.toMatchObject({
      field: 'last words',
      message: 'It takes more than 64 MB of memory: make it smaller.',
    });
    expect(await run('echo')).toEqual([]);
  });

  test('and so is that of one which has come to a stop', async () => {
    const run = start({ startMs: 5_000 });
    const pid = (await run('pid')) as number;
    process.kill(pid, 'SIGSTOP');
    expect(await run('echo', 1)).toEqual([1]);
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
  });
});

describe('the process', () => {
  test('stays for the next task, goes when there is none, and comes again', async () => {
    const run = start({ idleMs: 2_000 });
    const first = (await run('pid')) as number;
    expect(await run('pid')).toBe(first);
    await expect.poll(() => isAlive(first), { timeout: 20_000 }).toBe(false);
    expect(await run('pid')).not.toBe(first);
  });

  test('takes so many tasks of one who asks, and no more', async () => {
    const run = startFor({ maxWaiting: 1 });
    const [, second, third, other] = await Promise.allSettled([
      run('a', 'pid'),
      run('a', 'echo', 2),
      run('a', 'echo', 3),
      run('b', 'echo', 4),
    ]);
    expect(other).toEqual({ status: 'fulfilled', value: [4] });
    expect(second).toEqual({ status: 'fulfilled', value: [2] });
    expect(third).toMatchObject({ status: 'rejected', reason: { code: 'UNAVAILABLE' } });
  });

  test('is not without work while it works', async () => {
    const run = start({ idleMs: 500 });
    await run('echo');
    expect(await run('wait', 1_500)).toBe(1_500);
  });

  test('is gone when it is closed, with what it did and what waits', async () => {
    const run = start();
    const pid = (await run('pid')) as number;
    const waiting = Promise.allSettled([run('loop'), run('echo')]);
    await open.splice(0)[0]?.close();
    for (const result of await waiting)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'UNAVAILABLE' } });
    expect(isAlive(pid)).toBe(false);
    await expect(run('echo')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
