/** One send of a patient caller, past the load: what it hears and when. */
import { userName } from '../load/mix.ts';
import type { Stage } from '../scenario.ts';

const PATIENCE_MS = 20_000;
const SEND = `mutation Send($input: SendNotificationInput!) {
  sendNotification(input: $input) { notification { id } }
}`;

export interface Heard {
  /** `accepted`, an error's code, or what the connection said. */
  readonly what: string;
  readonly seconds: number;
}

let probes = 0;

/** Sends as the operator, whose notifications the checker does not count. */
export async function probe({ cluster, operatorKey, seed }: Stage, gateway = 0): Promise<Heard> {
  const at = performance.now();
  const what = await ask(cluster.the('gateway', gateway).url, operatorKey, {
    input: {
      idempotencyKey: `probe-${seed}-${process.pid}-${++probes}`,
      content: { title: 'probe', body: 'probe' },
      to: [{ user: userName(0) }],
      channels: ['IN_APP'],
    },
  });
  return { what, seconds: (performance.now() - at) / 1000 };
}

async function ask(url: string, credential: string, variables: object): Promise<string> {
  try {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${credential}` },
      body: JSON.stringify({ query: SEND, variables }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const { errors } = (await response.json()) as {
      errors?: { message: string; extensions?: { code?: string } }[];
    };
    return errors === undefined
      ? 'accepted'
      : (errors[0]?.extensions?.code ?? errors[0]?.message ?? 'an error without words');
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

/** A problem for each probe that heard something else, or that had to wait for longer. */
export const heardWrong = (
  heard: readonly Heard[],
  wanted: { readonly what: string; readonly withinSeconds: number },
): string[] =>
  heard
    .filter(({ what, seconds }) => what !== wanted.what || seconds > wanted.withinSeconds)
    .map(
      ({ what, seconds }) =>
        `a send heard ${what} after ${seconds.toFixed(1)} s; ${wanted.what} within ${wanted.withinSeconds} s was due`,
    );
