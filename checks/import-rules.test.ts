/** Plants imports in a small copy of the house and sees that each rule of .dependency-cruiser.cjs reports its own. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

const ROOT = resolve(import.meta.dirname, '..');
const CONFIG = join(ROOT, '.dependency-cruiser.cjs');

const rulesSchema = z.object({ forbidden: z.array(z.object({ name: z.string() })) });
const RULES = rulesSchema.parse(createRequire(import.meta.url)(CONFIG)).forbidden.map((rule) => rule.name);

/** Importing file, imported file or package, and the rule that forbids it. */
const FORBIDDEN: readonly (readonly [from: string, to: string, rule: string])[] = [
  ['platform/a.ts', 'dispatcher/main.ts', 'platform-knows-no-domain'],
  ['platform/b.ts', 'subgraphs/users/index.ts', 'platform-knows-no-domain'],
  ['subgraphs/users/a.ts', 'dispatcher/plan.ts', 'subgraphs-know-platform-and-subgraphs'],
  ['subgraphs/templates/a.ts', 'gateway/server.ts', 'subgraphs-know-platform-and-subgraphs'],
  ['subgraphs/users/b.ts', 'subgraphs/templates/index.ts', 'subgraphs-direction'],
  ['subgraphs/templates/d.ts', 'subgraphs/users/index.ts', 'subgraphs-direction'],
  ['subgraphs/analytics/a.ts', 'subgraphs/notifications/index.ts', 'subgraphs-direction'],
  ['subgraphs/notifications/a.ts', 'subgraphs/analytics/index.ts', 'subgraphs-direction-notifications'],
  ['subgraphs/notifications/b.ts', 'subgraphs/users/contract.ts', 'subgraph-door-between-subgraphs'],
  ['dispatcher/a.ts', 'subgraphs/users/models.ts', 'subgraph-door'],
  ['dispatcher/b.ts', 'subgraphs/users/contract.ts', 'subgraph-door'],
  ['dispatcher/c.ts', 'gateway/server.ts', 'dispatcher-knows-platform-and-doors'],
  ['dispatcher/channels/smtp/a.ts', 'platform/log.ts', 'provider-knows-the-contract'],
  ['dispatcher/channels/smtp/b.ts', 'dispatcher/channels/webhook/send.ts', 'provider-knows-the-contract'],
  ['dispatcher/channels/smtp/c.ts', 'dispatcher/plan.ts', 'provider-knows-the-contract'],
  ['dispatcher/channels/network/a.ts', 'platform/log.ts', 'provider-network-is-alone'],
  ['gateway/a.ts', 'dispatcher/plan.ts', 'gateway-knows-platform'],
  ['gateway/b.ts', 'subgraphs/users/index.ts', 'gateway-runs-subgraphs-in-one-place'],
  ['client/a.ts', 'platform/log.ts', 'client-knows-nothing-of-ours'],
  ['client/b.ts', 'client/react/index.ts', 'client-core-needs-no-react'],
  ['client/c.ts', 'react', 'product-needs-no-dev-package'],
  ['client/react/a.tsx', 'zod', 'react-parts-need-only-react'],
  ['console/a.ts', 'platform/log.ts', 'console-knows-the-client'],
  ['cli/a.ts', 'gateway/server.ts', 'cli-knows-platform-and-client'],
  ['cli/start/run-role.ts', 'gateway/server.ts', 'cli-runs-entry-points'],
  ['cli/b.ts', 'gateway/main.ts', 'entry-points-are-not-imported'],
  ['gateway/c.ts', 'gateway/server.test.ts', 'product-needs-no-test-code'],
  ['platform/c.ts', 'testing/fresh.ts', 'product-needs-no-test-code'],
  ['dispatcher/channels/smtp/i.ts', 'dispatcher/channels/conformance.ts', 'product-needs-no-test-code'],
  ['platform/d.ts', 'vitest', 'product-needs-no-dev-package'],
  ['platform/e.ts', 'platform/nowhere.ts', 'no-unresolved'],
  ['platform/circle-a.ts', 'platform/circle-b.ts', 'no-cycles'],
];

/** Imports that the rooms allow: none of them may be reported. */
const ALLOWED: readonly (readonly [from: string, to: string])[] = [
  ['platform/circle-b.ts', 'platform/circle-a.ts'], // closes the circle; reported at the other file too
  ['subgraphs/notifications/c.ts', 'subgraphs/users/index.ts'],
  ['subgraphs/notifications/d.ts', 'subgraphs/templates/index.ts'],
  ['subgraphs/templates/main.ts', 'subgraphs/users/index.ts'],
  ['subgraphs/users/index.ts', 'subgraphs/users/models.ts'],
  ['subgraphs/users/c.ts', 'platform/log.ts'],
  ['subgraphs/users/main.ts', 'subgraphs/users/models.ts'],
  ['subgraphs/templates/main.ts', 'subgraphs/users/index.ts'],
  ['subgraphs/users/generated/types.ts', 'subgraphs/users/parents.ts'],
  ['subgraphs/users/parents.ts', 'subgraphs/users/generated/types.ts'],
  ['dispatcher/d.ts', 'subgraphs/notifications/index.ts'],
  ['dispatcher/channels/smtp/d.ts', 'dispatcher/channels/contract.ts'],
  ['dispatcher/channels/smtp/e.ts', 'dispatcher/channels/retry-after.ts'],
  ['dispatcher/channels/smtp/f.ts', 'dispatcher/channels/network/address.ts'],
  ['dispatcher/channels/smtp/g.ts', 'zod'],
  ['dispatcher/channels/smtp/h.test.ts', 'platform/log.ts'],
  ['dispatcher/channels/conformance.ts', 'vitest'],
  ['dispatcher/channels/smtp/conformance-fixture.ts', 'dispatcher/channels/conformance.ts'],
  ['dispatcher/channels/registry.ts', 'dispatcher/channels/webhook/send.ts'],
  ['gateway/in-process-subgraphs.ts', 'subgraphs/users/index.ts'],
  ['gateway/d.ts', 'platform/log.ts'],
  ['client/react/b.tsx', 'react'],
  ['client/react/c.tsx', 'client/inbox.ts'],
  ['console/b.ts', 'client/inbox.ts'],
  ['cli/c.ts', 'client/inbox.ts'],
  ['cli/d.test.ts', 'subgraphs/users/models.ts'],
  ['e2e/story/a.e2e.ts', 'dispatcher/plan.ts'],
  ['platform/f.test.ts', 'vitest'],
  ['testing/more.ts', 'vitest'],
];

const reportSchema = z.object({
  summary: z.object({
    violations: z.array(z.object({ from: z.string(), to: z.string(), rule: z.object({ name: z.string() }) })),
    totalCruised: z.number(),
  }),
});

const isPackage = (to: string): boolean => !to.includes('/');

describe('import rules', () => {
  let house: string;
  let report: z.infer<typeof reportSchema>['summary'];

  beforeAll(async () => {
    house = await mkdtemp(join(tmpdir(), 'herald-import-rules-'));
    const files = new Map<string, string>();
    for (const [from, to] of [...FORBIDDEN, ...ALLOWED]) {
      const path = relative(dirname(from), to);
      const specifier = isPackage(to) ? to : path.startsWith('.') ? path : `./${path}`;
      files.set(from, `${files.get(from) ?? ''}import ${JSON.stringify(specifier)};\n`);
      if (!isPackage(to) && !to.includes('nowhere') && !files.has(to)) files.set(to, '');
    }
    for (const [name, kind] of [
      ['vitest', 'devDependencies'],
      ['react', 'devDependencies'],
      ['zod', 'dependencies'],
    ] as const) {
      files.set(
        `node_modules/${name}/package.json`,
        JSON.stringify({ name, version: '1.0.0', main: 'index.js' }),
      );
      files.set(`node_modules/${name}/index.js`, `export const of = '${kind}';`);
    }
    files.set(
      'package.json',
      JSON.stringify({ dependencies: { zod: '1' }, devDependencies: { vitest: '1' } }),
    );
    for (const [path, text] of files) {
      await mkdir(join(house, dirname(path)), { recursive: true });
      await writeFile(join(house, path), text);
    }
    await copyFile(join(ROOT, 'tsconfig.json'), join(house, 'tsconfig.json'));

    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
        ...['--config', CONFIG, '--output-type', 'json', '.'],
      ],
      { cwd: house, maxBuffer: 32 * 1024 * 1024 },
    );
    report = reportSchema.parse(JSON.parse(stdout)).summary;
  });

  afterAll(() => rm(house, { recursive: true, force: true }));

  const found = (from: string, to: string): string[] =>
    report.violations
      .filter(
        (v) => v.from === from && (isPackage(to) ? v.to.includes(`node_modules/${to}/`) : v.to.endsWith(to)),
      )
      .map((v) => v.rule.name);

  test.each(FORBIDDEN)('%s must not import %s (%s)', (from, to, rule) => {
    const rules = to.includes('nowhere')
      ? report.violations.filter((v) => v.from === from).map((v) => v.rule.name)
      : found(from, to);
    expect(rules).toContain(rule);
  });

  test.each(ALLOWED.slice(1))('%s may import %s', (from, to) => {
    expect(found(from, to)).toEqual([]);
  });

  test('every rule has a planted import', () => {
    const planted = new Set(FORBIDDEN.map(([, , rule]) => rule));
    expect(RULES.filter((rule) => !planted.has(rule))).toEqual([]);
  });
});
