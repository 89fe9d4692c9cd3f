/** Liveness, readiness and metrics, the same for every role. */
import type { FastifyInstance } from 'fastify';
import { within } from '../data-services/within.ts';
import { messageOf } from '../errors/message-of.ts';
import type { Shutdown } from '../lifecycle/shutdown.ts';
import { registerMetrics } from './metrics.ts';

/** What was found is good for so long. A problem is looked at again sooner: its end should be seen at once. */
const REMEMBER_MS = 1_000;
const REMEMBER_PROBLEM_MS = 100;
/** Every check is bounded by itself; this bounds them all. */
const PATIENCE_MS = 3_000;

export interface HealthOptions {
  /** What keeps this process from doing its work, one sentence each; empty when it is ready. */
  ready(): Promise<readonly string[]>;
  shutdown: Pick<Shutdown, 'started'>;
}

/** What `GET /readyz` answers: 200 when ready, else 503. */
export interface Readiness {
  readonly ready: boolean;
  readonly problems: readonly string[];
}

/**
 * Adds `GET /healthz` (200 as long as the process lives), `GET /readyz` (200, or 503 with the problems; 503 from
 * the first moment of a shutdown, so that a load balancer stops sending) and `GET /metrics`. From that moment every
 * answer of `app` also ends its connection, so that the clients go elsewhere.
 */
export function registerHealth(app: FastifyInstance, { ready, shutdown }: HealthOptions): void {
  const problemsNow = remembered(ready);
  // Connections that are kept open would be cut at the end, perhaps with a request under way: they end by this answer.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (shutdown.started) reply.header('connection', 'close');
    done();
  });
  app.get('/healthz', async () => ({ alive: true }));
  app.get('/readyz', async (_request, reply): Promise<Readiness> => {
    const problems = shutdown.started ? ['shutting down'] : await problemsNow();
    reply.code(problems.length === 0 ? 200 : 503);
    return { ready: problems.length === 0, problems };
  });
  registerMetrics(app);
}

/** However often it is asked: one check at a time, none for a moment after the last, and an answer in any case. */
function remembered(ready: HealthOptions['ready']): () => Promise<readonly string[]> {
  let known: { problems: readonly string[]; until: number } = { problems: [], until: 0 };
  let checking: Promise<readonly string[]> | undefined;
  const check = async () => {
    const problems = await problemsOf(ready);
    known = {
      problems,
      until: performance.now() + (problems.length === 0 ? REMEMBER_MS : REMEMBER_PROBLEM_MS),
    };
    checking = undefined;
    return problems;
  };
  return async () => {
    if (performance.now() < known.until) return known.problems;
    checking ??= check();
    return checking;
  };
}

async function problemsOf(ready: HealthOptions['ready']): Promise<readonly string[]> {
  try {
    return await within(PATIENCE_MS, ready());
  } catch (error) {
    return [messageOf(error)];
  }
}
