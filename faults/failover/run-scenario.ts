/** One scenario: accounts, load, what happens, drain, figures. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { call } from '../../bench/measure/graph.ts';
import { check, type Verdict } from '../check/check.ts';
import { readFacts } from '../check/facts.ts';
import { Watch } from '../check/watch.ts';
import { Load } from '../load/load.ts';
import { type Message, USERS, userName } from '../load/mix.ts';
import type { Platform } from '../stage/platform.ts';
import type { AccountName, FakeRequest } from './fake-messages.ts';
import type { Fakes } from './fakes.ts';
import { type Evidence, type Figure, holds, taken } from './figures.ts';
import type { AccountRules, FailoverScenario } from './scenario.ts';

/** What a run of a scenario came to. */
export interface FailoverRow {
  readonly scenario: string;
  readonly title: string;
  readonly about: string;
  readonly ratePerSecond: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly figures: readonly Figure[];
  /** Empty when all figures held and nothing else was wrong. */
  readonly problems: readonly string[];
}

const RATE = { long: 300, short: 90 };
const DRAIN_SECONDS = 60;
/** An account that was saved is in use by then. */
const TAKEN_UP_MS = 2_000;
const ACCOUNTS = ['a', 'b'] as const;

const SAVE = 'mutation ($input: ProviderAccountInput!) { saveProviderAccount(input: $input) { id problem } }';
const DELETE = 'mutation ($id: ID!) { deleteProviderAccount(id: $id) }';

/** Two of three are SMS, the others webhooks. */
export function twoChannels(prefix: string, n: number): Message {
  return {
    key: `${prefix}-${String(n).padStart(6, '0')}`,
    user: userName(n % USERS),
    channels: [n % 3 === 2 ? 'WEBHOOK' : 'SMS'],
    priority: 'MEDIUM',
    kind: 'plain',
  };
}

/**
 * @param options.dir an existing folder of this run's own.
 * @throws what staging throws; what the system did wrong is in the row.
 */
export async function runFailover(
  scenario: FailoverScenario,
  { platform, fakes }: { readonly platform: Platform; readonly fakes: Fakes },
  options: { readonly short: boolean; readonly dir: string; readonly say: (text: string) => void },
): Promise<FailoverRow> {
  const { short, dir, say } = options;
  const { operatorKey, store } = platform;
  const url = platform.cluster.the('gateway').url;
  const journals = join(dir, 'client');
  await mkdir(journals);
  const prefix = scenario.name;
  const ratePerSecond = (scenario.ratePerSecond ?? RATE)[short ? 'short' : 'long'];
  const stored = scenario.from !== 'settings';
  const idOf = (account: AccountName) => `${scenario.name}-${account}`;
  const save = async (account: AccountName, rules: AccountRules) => {
    if (!stored) throw new Error('Accounts of the settings cannot be saved.');
    const config = fakes.configOf(account);
    const input = { id: idOf(account), provider: 'twilio', channels: ['SMS'], config, ...rules };
    await call(url, operatorKey, SAVE, { input });
  };
  if (stored) {
    for (const account of ACCOUNTS) await save(account, scenario.accounts[account]);
    await pause(TAKEN_UP_MS);
  }
  const load = await Load.open({
    cluster: platform.cluster,
    apiKey: platform.app.apiKey,
    prefix,
    dir: journals,
    ratePerSecond,
    messageOf: scenario.messageOf ?? twoChannels,
  });
  const db = store.getClient().db('herald');
  const watch = new Watch(db, `default|${platform.app.id}|${prefix}-`);
  const marks: Record<string, number> = {};
  const requests: FakeRequest[] = [];
  const collect = async () => void requests.push(...(await fakes.requests()));
  try {
    load.start();
    await scenario.act(
      {
        mode: (account, mode) => fakes.mode(account, mode),
        save,
        mark: (name) => {
          marks[name] = Date.now();
        },
        run: (seconds) => pause(seconds * 1000),
      },
      short,
    );
    await load.stop();
    marks.loadEnd = Date.now();
    const open = await watch.drained((scenario.drainSeconds ?? DRAIN_SECONDS) * 1000);
    say(`drained in ${((Date.now() - marks.loadEnd) / 1000).toFixed(1)} s; open: ${open}`);
    await pause(300);
    await collect();
    requests.sort((a, b) => a.at - b.at);
    const webhooks = await platform.provider.received();
    const sms = taken(requests).map(({ key, at }) => ({
      channel: 'SMS' as const,
      key,
      address: '',
      text: key,
      at,
    }));
    const facts = await readFacts(db, [...webhooks, ...sms], { journals, app: platform.app.id, prefix });
    const verdict = check(facts, 0);
    const evidence: Evidence = {
      sent: facts.sent,
      requests: requests.filter(({ key }) => key.startsWith(`${prefix}-`)),
      webhooks: new Map(webhooks.toReversed().map(({ text, at }) => [text, at])),
      marks,
      verdict,
    };
    const figures = [...scenario.judge(evidence, short), ...promise(verdict, scenario.failedAtMost ?? 0)];
    return {
      scenario: scenario.name,
      title: scenario.title,
      about: scenario.about,
      ratePerSecond,
      sent: verdict.sent,
      acknowledged: verdict.acknowledged,
      figures,
      problems: [
        ...verdict.problems,
        ...figures
          .filter((figure) => !holds(figure))
          .map(({ what, value, unit, atMost, atLeast }) => {
            const bound = [
              atLeast !== undefined && `at least ${atLeast}`,
              atMost !== undefined && `at most ${atMost}`,
            ];
            return `${what}: ${value ?? 'nothing'} ${unit}, bound: ${bound.filter(Boolean).join(', ')}`;
          }),
      ],
    };
  } finally {
    await watch.stop();
    await load.close();
    for (const account of ACCOUNTS) {
      await fakes.mode(account, 'ok');
      if (stored) await call(url, operatorKey, DELETE, { id: idOf(account) });
    }
  }
}

/** What holds whatever happens. */
function promise(verdict: Verdict, failedAtMost: number): readonly Figure[] {
  const { SENT = 0, DELIVERED = 0, FAILED = 0 } = verdict.ends;
  const all = Object.values(verdict.ends).reduce((sum, count) => sum + count, 0);
  return [
    // A run in which little was accepted would prove little.
    {
      what: 'acknowledged of sent',
      value: Math.round((1_000 * verdict.acknowledged) / verdict.sent) / 10,
      unit: '%',
      atLeast: 50,
    },
    { what: 'taken or received', value: SENT + DELIVERED, unit: '', atLeast: 1 },
    { what: 'lost', value: verdict.lost.length, unit: '', atMost: 0 },
    {
      what: 'taken more than once, or never sent',
      value: verdict.duplicated + verdict.unexpected.length,
      unit: '',
      atMost: 0,
    },
    { what: 'FAILED (dead letters)', value: FAILED, unit: '', atMost: failedAtMost },
    { what: 'other ends', value: all - SENT - DELIVERED - FAILED, unit: '', atMost: 0 },
  ];
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
