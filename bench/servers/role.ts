/** Runs `gateway` (subgraphs in process) or `dispatcher` (scheduler in it) as `npm start` does; ends with its parent. */
import { loadSettings } from '../../platform/config/settings.ts';

const role = process.argv[2];
const { run } =
  role === 'gateway' ? await import('../../gateway/main.ts') : await import('../../dispatcher/main.ts');
await run(loadSettings(process.env), { mode: 'all' });
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.send?.({ ready: true });
