/** What the gateway's live connections are doing, for /metrics. */
import { Counter, Gauge } from 'prom-client';
import { metricsRegistry } from '../../platform/http/metrics.ts';

const registers = [metricsRegistry];

export const liveConnections = new Gauge({
  name: 'herald_live_connections',
  help: 'Open WebSocket connections of this gateway',
  registers,
});

export const liveSubscriptions = new Gauge({
  name: 'herald_live_subscriptions',
  help: 'Running subscriptions over WebSocket',
  registers,
});

export const liveRefusals = new Counter({
  name: 'herald_live_refused_total',
  help: 'Connections and subscriptions that were refused for a limit',
  labelNames: ['limit'],
  registers,
});

export const slowConsumers = new Counter({
  name: 'herald_live_slow_consumers_total',
  help: 'Subscriptions and connections that were cut off because what they asked for was not read',
  registers,
});

export const tokenRefreshes = new Counter({
  name: 'herald_live_token_refreshes_total',
  help: 'Credentials that were renewed on an open connection, by outcome',
  labelNames: ['outcome'],
  registers,
});

export const upstreamLosses = new Counter({
  name: 'herald_live_upstream_losses_total',
  help: 'Resumable subscriptions at a subgraph that were interrupted',
  labelNames: ['subgraph'],
  registers,
});

export const upstreamResumes = new Counter({
  name: 'herald_live_upstream_resumes_total',
  help: 'How such interruptions ended: resumed, or given_up',
  labelNames: ['subgraph', 'outcome'],
  registers,
});
