import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { metricsRegistry } from '../../platform/http/metrics.ts';
import { redisNames } from '../../platform/names/redis-names.ts';
import { connectRedis, whenReady } from '../../platform/storage/redis.ts';
import { freshDatabase } from '../../testing/fresh.ts';
import { SharedCircuits } from './shared-circuits.ts';

const services = freshDatabase();
const silent = pino({ level: 'silent' });
const names = redisNames(services.namespace);
const lines: { msg: string; provider: string }[] = [];
const log = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
// None whose commands time out: after one that does on a busy machine each process would go by its own here.
const redis = [1, 2].map(() => connectRedis(services.redisUrl, 'blocking', silent));
const open: SharedCircuits[] = [];
const process = (connection = redis[0]): SharedCircuits => {
  if (!connection) throw new Error('no connection');
  const circuits = new SharedCircuits({
    redis: connection,
    keyOf: ({ provider, host }) => names.circuit(provider, host),
    log,
  });
  open.push(circuits);
  return circuits;
};
beforeAll(async () => {
  await Promise.all(redis.map((connection) => whenReady(connection)));
  // The time of circuits stands still until a test moves it: a pause is not over before it was looked at.
  vi.useFakeTimers({ toFake: ['performance'] });
});
const pass = (ms: number) => vi.advanceTimersByTime(ms);
afterAll(() => {
  vi.useRealTimers();
  for (const circuits of open) circuits.close();
  for (const connection of redis) connection.disconnect();
});

const FAILED = { sign: 'failed', pauseMs: 0 } as const;
const OK = { sign: 'ok', pauseMs: 0 } as const;
const LOST_AFTER_MS = 5_000;
const said = (provider: string) => lines.filter((line) => line.provider === provider).map(({ msg }) => msg);

async function fail(circuits: SharedCircuits, provider: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) circuits.report({ provider }, FAILED);
  await expect.poll(() => circuits.seen().some((s) => s.provider === provider)).toBe(true);
}

describe('circuits of two processes', () => {
  const [a, b] = [process(redis[0]), process(redis[1])];

  it('open by the failures of both, are probed once, and close for both', async () => {
    const name = { provider: 'smtp' };
    for (const circuits of [a, b]) expect(await circuits.enter(name, LOST_AFTER_MS)).toEqual({});
    await Promise.all([fail(a, 'smtp', 4), fail(b, 'smtp', 4)]);
    await expect
      .poll(async () => {
        await Promise.all([a.refresh(name), b.refresh(name)]);
        return [a.peek(name).kind, b.peek(name).kind];
      })
      .toEqual(['wait', 'wait']);
    expect(await a.enter(name, LOST_AFTER_MS)).toMatchObject({ kind: 'wait', why: 'circuit' });
    pass(1_050);
    const answers = await Promise.all([a, b, a, b].map((circuits) => circuits.enter(name, LOST_AFTER_MS)));
    const probes = answers.flatMap((answer, i) =>
      'probe' in answer && answer.probe ? [{ ...answer, i }] : [],
    );
    expect(probes).toHaveLength(1);
    const [probe] = probes;
    [a, b][(probe?.i ?? 0) % 2]?.report(name, OK, probe?.probe);
    await expect
      .poll(async () => {
        await Promise.all([a.refresh(name), b.refresh(name)]);
        return [a.peek(name).kind, b.peek(name).kind];
      })
      .toEqual(['go', 'go']);
    expect(said('smtp')).toEqual([
      'provider paused: its attempts fail',
      'provider probed',
      'provider is well again',
    ]);
  });

  it('are told apart by host, and shown as metric', async () => {
    const bad = { provider: 'webhook', host: 'bad.example' };
    const good = { provider: 'webhook', host: 'good.example' };
    await a.enter(good, LOST_AFTER_MS);
    for (let i = 0; i < 10; i++) a.report(bad, FAILED);
    await expect.poll(() => a.peek(bad).kind).toBe('wait');
    expect(a.peek(good)).toEqual({ kind: 'go' });
    const text = await metricsRegistry.getSingleMetricAsString('herald_circuits');
    expect(text).toContain('herald_circuits{provider="webhook",state="open"} 1');
    expect(text).toContain('herald_circuits{provider="webhook",state="closed"} 1');
  });

  it('pause together when one is asked to wait', async () => {
    const name = { provider: 'web-push', host: 'push.example' };
    a.report(name, { sign: 'ok', pauseMs: 60_000 });
    await expect.poll(() => a.peek(name).kind).toBe('wait');
    const answer = await b.enter(name, LOST_AFTER_MS);
    expect(answer).toMatchObject({ kind: 'wait', why: 'paused' });
    expect('waitMs' in answer ? answer.waitMs : 0).toBeGreaterThan(55_000);
  });

  it('are known to a process that starts while they are open', async () => {
    const name = { provider: 'late' };
    await fail(a, 'late', 10);
    await expect.poll(() => a.peek(name).kind).toBe('wait');
    expect(await process(redis[1]).enter(name, LOST_AFTER_MS)).toMatchObject({ kind: 'wait' });
  });

  it('give the probe to another when it was not made', async () => {
    const name = { provider: 'unused' };
    await fail(a, 'unused', 10);
    await expect.poll(() => a.peek(name).kind).toBe('wait');
    pass(1_050);
    const first = await a.enter(name, LOST_AFTER_MS);
    if (!('probe' in first) || !first.probe) throw new Error('no probe');
    a.unused(name, first.probe);
    await a.refresh(name);
    expect(await b.enter(name, LOST_AFTER_MS)).toEqual({ probe: expect.any(String) });
  });

  it('start anew where the stored state makes no sense', async () => {
    await redis[0]?.set(names.circuit('broken'), '{"state":"ajar"}');
    expect(await a.enter({ provider: 'broken' }, LOST_AFTER_MS)).toEqual({});
  });
});

describe('without Redis', () => {
  it('each process goes by its own, and says so once', async () => {
    const before = lines.length;
    const gone = connectRedis(services.redisUrl, 'commands', silent);
    await whenReady(gone);
    gone.disconnect();
    const alone = process(gone);
    const name = { provider: 'alone' };
    expect(await alone.enter(name, LOST_AFTER_MS)).toEqual({});
    for (let i = 0; i < 10; i++) alone.report(name, FAILED);
    await expect.poll(() => alone.peek(name).kind).toBe('wait');
    pass(1_050);
    const probe = await alone.enter(name, LOST_AFTER_MS);
    if (!('probe' in probe) || !probe.probe) throw new Error('no probe');
    alone.report(name, OK, probe.probe);
    await expect.poll(() => alone.peek(name).kind).toBe('go');
    expect(lines.slice(before).filter(({ msg }) => msg.includes('cannot be shared'))).toHaveLength(1);
  });
});
