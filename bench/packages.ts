/**
 * `npm run bench:packages [rounds]` (500): listing, opening, checking and publishing packages in a workspace that has
 * 300 of them with 1,000 templates. By one caller, one request after the other, over HTTP; each round another package.
 */
import { cpus } from 'node:os';
import { call } from './measure/graph.ts';
import { percentiles } from './measure/percentiles.ts';
import { startPlatform } from './measure/platform.ts';

const PACKAGES = 300;
const TEMPLATES = 1_000;
/** Templates of the first package, which uses one partial in all of them; the others share the rest. */
const OF_LARGE = 103;
const LARGE = 'package-0';
const ROUNDS = Number(process.argv[2] ?? 500);
const WARM_UP = Math.ceil(ROUNDS / 10);
const AT_ONCE = 8;

const say = (text: string) => process.stdout.write(`${text}\n`);
const others = Array.from({ length: PACKAGES - 1 }, (_, i) => `package-${i + 1}`);
const otherOf = (round: number): string => others[(round * 37) % others.length] ?? LARGE;
const firstTemplateOf = (id: string): string => `${id}.template-0`;

const LIST = `query List($after: String, $search: String) {
  packages(first: 25, after: $after, search: $search) {
    nodes { id name publishedVersion draftVersion updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}`;
const OPEN = `query Open($id: ID!) {
  package(id: $id) {
    name description settings publishedVersion draftVersion
    templates { nodes { id name channels publishedVersion draftVersion } pageInfo { hasNextPage } }
    routes { nodes { event publishedVersion } }
    versions(first: 10) { nodes { version publishedAt publishedBy note } }
  }
}`;
const PUBLISH = 'mutation Publish($id: ID!) { publishPackage(id: $id) { publishedVersion } }';

const platform = await startPlatform();
const ask = <T>(query: string, variables: object = {}) =>
  call<T>(platform.url, platform.operatorKey, query, variables);
try {
  say(`machine: ${cpus().length} × ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}`);
  say(`data services: ${platform.engines}`);
  const started = performance.now();
  await fill();
  say(`${PACKAGES} packages with ${TEMPLATES} templates, published in ${seconds(started)} s\n`);
  say('| | p50 | p99 |\n| --- | --- | --- |');
  await measure('list: a page of 25', ROUNDS, listed());
  await measure('list: found by a part of the name', ROUNDS, (round) =>
    ask(LIST, { search: `number ${(round * 37) % PACKAGES}` }),
  );
  await measure('open: with its templates, routes and versions', ROUNDS, (round) => open(otherOf(round)));
  await measure(`open: one of ${OF_LARGE} templates, by pages of 25`, ROUNDS, () => open(LARGE));
  await measure('difference of draft and published, and its problems', ROUNDS, (round) =>
    ask('query Check($id: ID!) { packageDiff(id: $id) { path } packageProblems(id: $id) { field } }', {
      id: otherOf(round),
    }),
  );
  await measure(
    'publish: one template of three has changed',
    ROUNDS,
    (round) => ask(PUBLISH, { id: otherOf(round) }),
    (round) => saveTemplate(otherOf(round), firstTemplateOf(otherOf(round)), `Again, ${round}`),
  );
  await measure(
    `publish: a partial that ${OF_LARGE} templates use has changed`,
    Math.ceil(ROUNDS / 10),
    () => ask(PUBLISH, { id: LARGE }),
    (round) => savePartial(`Foot ${round}`),
  );
  await measure('roll back to the first version', ROUNDS, (round) =>
    ask('mutation Back($id: ID!) { rollbackPackage(id: $id, version: 1) { publishedVersion } }', {
      id: otherOf(round),
    }),
  );
} finally {
  await platform.stop();
}

/** @param prepare what each round needs and is not measured. */
async function measure(
  what: string,
  rounds: number,
  step: (round: number) => Promise<unknown>,
  prepare?: (round: number) => Promise<unknown>,
): Promise<void> {
  const took: number[] = [];
  for (let round = -Math.min(WARM_UP, rounds); round < rounds; round++) {
    const number = round + WARM_UP;
    await prepare?.(number);
    const from = performance.now();
    await step(number);
    if (round >= 0) took.push(performance.now() - from);
  }
  const { p50, p99 } = percentiles(took);
  say(`| ${what} | ${p50.toFixed(1)} ms | ${p99.toFixed(1)} ms |`);
}

/** One page after the other, and again from the first. */
function listed(): () => Promise<void> {
  let after: string | null = null;
  return async () => {
    const { packages }: Page = await ask<Page>(LIST, { after });
    after = packages.pageInfo.hasNextPage ? packages.pageInfo.endCursor : null;
  };
}
interface Page {
  readonly packages: {
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

async function open(id: string): Promise<void> {
  await ask(OPEN, { id });
}

async function fill(): Promise<void> {
  const templates = [
    ...Array.from({ length: OF_LARGE }, (_, i) => ({ owner: LARGE, id: `${LARGE}.template-${i}` })),
    ...Array.from({ length: TEMPLATES - OF_LARGE }, (_, i) => {
      const owner = others[i % others.length] ?? LARGE;
      return { owner, id: `${owner}.template-${Math.floor(i / others.length)}` };
    }),
  ];
  const all = [LARGE, ...others];
  await each(all, (id, index) =>
    ask('mutation Save($input: PackageInput!) { savePackage(input: $input) { id } }', {
      input: { id, name: `Package number ${index}`, settings: { shop: 'Acme' } },
    }),
  );
  await savePartial('Foot');
  await each(templates, ({ owner, id }) => saveTemplate(owner, id, 'First'));
  await each(all, (id) =>
    ask('mutation Route($input: RouteInput!) { saveRoute(input: $input) { event } }', {
      input: { event: `${id}.happened`, template: firstTemplateOf(id), package: id },
    }),
  );
  // Two publishes of a workspace are never made side by side.
  for (const id of all) await ask(PUBLISH, { id });
}

async function each<T>(all: readonly T[], work: (one: T, index: number) => Promise<unknown>): Promise<void> {
  const left = all.entries();
  const worker = async () => {
    for (const [index, one] of left) await work(one, index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function saveTemplate(owner: string, id: string, word: string): Promise<unknown> {
  const foot = owner === LARGE ? ' {{> large-foot}}' : '';
  const body = `${word}: {{package.shop}} has your order {{order}}, {{user.name}}.${foot}`;
  return ask('mutation Template($input: TemplateInput!) { saveTemplate(input: $input) { id } }', {
    input: {
      id,
      name: id,
      package: owner,
      contents: [
        { channel: 'IN_APP', title: 'Order {{order}}', body },
        { channel: 'EMAIL', title: 'Order {{order}}', body, html: `<p>${body}</p>` },
      ],
    },
  });
}

function savePartial(source: string): Promise<unknown> {
  return ask('mutation Partial($input: PartialInput!) { savePartial(input: $input) { id } }', {
    input: { id: 'large-foot', package: LARGE, source },
  });
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1_000).toFixed(1);
}
