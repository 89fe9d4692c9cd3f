/**
 * Runs `gateway` (subgraphs in process) or `dispatcher` (scheduler in it) as `npm start` does; ends with its
 * parent. `no-op-dispatcher` sends e-mails to nowhere. Asked by message it says how many outcomes were recorded, or
 * collects its garbage.
 */
import { enableCompileCache } from 'node:module';
import { loadSettings } from '../../platform/config/settings.ts';
import { metricsRegistry } from '../../platform/http/metrics.ts';
import { settleMemory } from '../../platform/lifecycle/settle-memory.ts';

// As `herald start` has it.
enableCompileCache();
const settings = loadSettings(process.env);
const mode = { mode: 'all' } as const;
switch (process.argv[2]) {
  case 'gateway':
    await (await import('../../gateway/main.ts')).run(settings, mode);
    break;
  case 'no-op-dispatcher': {
    const { noOpProviders } = await import('./no-op-provider.ts');
    await (await import('../../dispatcher/main.ts')).run(settings, mode, noOpProviders);
    break;
  }
  default:
    await (await import('../../dispatcher/main.ts')).run(settings, mode);
}
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
settleMemory();
process.on('message', (asked) => {
  if (asked === 'settle') {
    settleMemory();
    process.send?.({ settled: true });
    return;
  }
  void (async () => {
    const metric = await metricsRegistry.getSingleMetric('herald_outcomes_recorded_total')?.get();
    process.send?.({ recorded: metric?.values.reduce((sum, { value }) => sum + value, 0) ?? 0 });
  })();
});
process.send?.({ ready: true });
