/** Liveness, readiness and metrics, the same for every role. */
import type { FastifyInstance } from 'fastify';
import type { Shutdown } from '../lifecycle/shutdown.ts';
import { registerMetrics } from './metrics.ts';

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
 * the first moment of a shutdown, so that a load balancer stops sending) and `GET /metrics`.
 */
export function registerHealth(app: FastifyInstance, { ready, shutdown }: HealthOptions): void {
  app.get('/healthz', async () => ({ alive: true }));
  app.get('/readyz', async (_request, reply): Promise<Readiness> => {
    const problems = shutdown.started ? ['shutting down'] : await problemsOf(ready);
    reply.code(problems.length === 0 ? 200 : 503);
    return { ready: problems.length === 0, problems };
  });
  registerMetrics(app);
}

async function problemsOf(ready: HealthOptions['ready']): Promise<readonly string[]> {
  try {
    return await ready();
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
