/** Faults of the links between Herald's roles, the data services and the provider. */
import type { LinkProxy } from '../links/tcp-proxy.ts';
import type { FaultResult, Scenario, Stage } from '../scenario.ts';
import { type Heard, heardWrong, probe } from './probe.ts';

/** Dispatchers of the default shape; attempts that each has in hand at most: 50 webhooks and 10 e-mails. */
const IN_HAND = 2 * 60;
/** An attempt is given up after this (SEND_TIMEOUT_MS of the suite). */
const ATTEMPT_SECONDS = 5;
const DELAY_MS = 200;

interface LinkUnderTest {
  readonly name: string;
  readonly title: string;
  readonly of: (stage: Stage) => readonly LinkProxy[];
  /** In the short form. */
  readonly short?: readonly ('cut' | 'blackHole' | 'delay')[];
  /** What a caller must hear while nothing gets through, and how soon. */
  readonly caller?: { readonly what: string; readonly withinSeconds: number };
  /** Attempts go over it: each that is given up may have arrived. */
  readonly carriesAttempts?: true;
}

const LINKS: readonly LinkUnderTest[] = [
  {
    name: 'gateway-mongo',
    title: 'Gateways → MongoDB',
    of: (stage) => [stage.link('gateway-mongo')],
    // platform/storage/mongo.ts: noticed after 4 s, tried again, and looked for for another 3 s.
    caller: { what: 'UNAVAILABLE', withinSeconds: 12 },
  },
  {
    name: 'gateway-redis',
    title: 'Gateways → Redis',
    of: (stage) => [stage.link('gateway-redis')],
    // platform/storage/redis.ts: a command is given up after 2.5 s.
    caller: { what: 'accepted', withinSeconds: 6 },
  },
  {
    name: 'dispatcher-mongo',
    title: 'Dispatchers → MongoDB',
    of: (stage) => [stage.link('dispatcher-mongo')],
    short: ['cut'],
    caller: { what: 'accepted', withinSeconds: 2 },
  },
  {
    name: 'dispatcher-redis',
    title: 'Dispatchers → Redis',
    of: (stage) => [stage.link('dispatcher-redis')],
    short: ['cut'],
    caller: { what: 'accepted', withinSeconds: 2 },
  },
  {
    name: 'dispatcher-provider',
    title: 'Dispatchers → providers',
    of: ({ provider }) => Object.values(provider.links),
    caller: { what: 'accepted', withinSeconds: 2 },
    carriesAttempts: true,
  },
];

/** Both at once, the second a little later: when the first has just been noticed, and when it has not. */
async function callers(stage: Stage): Promise<Heard[]> {
  const second = stage.pause(1_500).then(() => probe(stage, 1));
  return [await probe(stage, 0), await second];
}

/** The short form runs on busy machines: whoever does not wait for the link itself hears in time. */
const patient = (caller: NonNullable<LinkUnderTest['caller']>, seconds: number) => ({
  ...caller,
  withinSeconds: Math.max(caller.withinSeconds, seconds - 0.5),
});

const outcome = (
  link: LinkUnderTest,
  heard: readonly Heard[],
  { seconds, short }: { readonly seconds: number; readonly short: boolean },
  held: 'arrive' | 'lost' = 'lost',
): FaultResult => ({
  problems: link.caller ? heardWrong(heard, short ? patient(link.caller, seconds) : link.caller) : [],
  ...(link.carriesAttempts && { inFlight: IN_HAND * Math.ceil(seconds / ATTEMPT_SECONDS + 1) }),
  // Herald had given it to the network in time; nobody can call it back from there.
  ...(link.carriesAttempts && held === 'arrive' && { heldBackMs: seconds * 1_000 }),
  note: `callers heard ${heard.map(({ what, seconds: after }) => `${what} after ${after.toFixed(1)} s`).join(', ')}`,
});

const scenariosOf = (link: LinkUnderTest): Scenario[] => [
  {
    name: `${link.name}-cut`,
    title: `${link.title}: cut for 10 s`,
    ...(link.short?.includes('cut') && { short: true }),
    drainSeconds: 90,
    fault: async (stage) => {
      const seconds = stage.short ? 4 : 10;
      await Promise.all(link.of(stage).map((proxy) => proxy.cut()));
      const [heard] = await Promise.all([callers(stage), stage.pause(seconds * 1000)]);
      await Promise.all(link.of(stage).map((proxy) => proxy.restore()));
      return outcome(link, heard, { seconds, short: stage.short });
    },
  },
  {
    name: `${link.name}-black-hole`,
    title: `${link.title}: black hole for 20 s`,
    ...(link.short?.includes('blackHole') && { short: true }),
    drainSeconds: 90,
    fault: async (stage) => {
      const seconds = stage.short ? 8 : 20;
      for (const proxy of link.of(stage)) proxy.blackHole();
      const [heard] = await Promise.all([callers(stage), stage.pause(seconds * 1000)]);
      // By the seed: what was held back arrives late, or its connections are gone.
      const held = stage.random() < 0.5 ? 'arrive' : 'lost';
      await Promise.all(link.of(stage).map((proxy) => proxy.restore(held)));
      return outcome(link, heard, { seconds, short: stage.short }, held);
    },
  },
  {
    name: `${link.name}-delay`,
    title: `${link.title}: ${DELAY_MS} ms late, in either direction, for 10 s`,
    ...(link.short?.includes('delay') && { short: true }),
    drainSeconds: 90,
    fault: async (stage) => {
      const failedBefore = stage.load.failed.length;
      for (const proxy of link.of(stage)) proxy.delay(DELAY_MS);
      await stage.pause(10_000);
      const failed = stage.load.failed.length - failedBefore;
      await Promise.all(link.of(stage).map((proxy) => proxy.restore()));
      return failed === 0 ? undefined : { problems: [`${failed} requests failed: late is not away`] };
    },
  },
];

export const scenarios: readonly Scenario[] = LINKS.flatMap(scenariosOf);
