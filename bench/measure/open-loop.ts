/** Open-loop load over HTTP: one request after the other at even distances, whether or not the last was answered. */
import { Pool } from 'undici';
import type { Load } from './http-load.ts';
import { paced } from './paced.ts';
import { percentiles } from './percentiles.ts';

const CONNECTIONS = 50;
const WARM_UP_SECONDS = 2;

/**
 * Latency counts from when a request was due, so that a stall of the server, or of the client, is in it.
 * @throws Error when an answer is not a 2xx.
 */
export async function openLoop(
  url: string,
  key: string,
  body: object,
  seconds: number,
  perSecond: number,
): Promise<Load> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: CONNECTIONS });
  const text = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const send = async (due: number): Promise<number> => {
    const answer = await pool.request({ path: pathname, method: 'POST', headers, body: text });
    await answer.body.dump();
    if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.statusCode}`);
    return performance.now() - due;
  };
  const run = async (count: number): Promise<number[]> => {
    const sent: Promise<number>[] = [];
    await paced(count, perSecond, (_i, due) => sent.push(send(due)));
    return Promise.all(sent);
  };
  try {
    await run(Math.min(WARM_UP_SECONDS, seconds) * perSecond);
    const begin = performance.now();
    const latencies = await run(seconds * perSecond);
    const { p50, p99 } = percentiles(latencies);
    const requestsPerSecond = latencies.length / ((performance.now() - begin) / 1_000);
    return { requestsPerSecond, p50Ms: Number(p50.toFixed(1)), p99Ms: Number(p99.toFixed(1)) };
  } finally {
    await pool.close();
  }
}
