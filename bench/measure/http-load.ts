/** Closed-loop load over HTTP. */
import autocannon from 'autocannon';

export interface Load {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const CONNECTIONS = 50;
const WARM_UP_SECONDS = 2;

/** @throws Error when an answer is not a 2xx. */
export async function load(url: string, key: string, body: object, seconds: number): Promise<Load> {
  const options = {
    url: `${url}`,
    method: 'POST' as const,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
    connections: CONNECTIONS,
  };
  await autocannon({ ...options, duration: Math.min(WARM_UP_SECONDS, seconds) });
  const result = await autocannon({ ...options, duration: seconds });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} bad answers, ${result.errors} errors`);
  return { requestsPerSecond: result.requests.average, p50Ms: result.latency.p50, p99Ms: result.latency.p99 };
}
