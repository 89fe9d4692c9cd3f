/** What people should look at in the templates of a package, and what publishing does not refuse. */
import type { Compiler } from '../compiler/compiler.ts';
import type { Stores } from '../store/stores.ts';
import { gatherVersion } from '../versions/gather-version.ts';
import { draftOf, type PackageState, partialsOfState } from './package-state.ts';
import type { PackageFinding } from './plan-publish.ts';

/** Warnings of the templates that have drafts. */
export async function lintDrafts(
  stores: Stores,
  compiler: Compiler,
  state: PackageState,
): Promise<PackageFinding[]> {
  const find = partialsOfState(stores, state);
  const settings = (state.head.draft ?? state.head.published)?.settings;
  const findings: PackageFinding[] = [];
  for (const head of state.templates) {
    const draft = draftOf(head);
    if (!draft || head.draft === undefined) continue;
    const { body } = await gatherVersion(draft, find, settings);
    for (const { severity, field, message } of await compiler.lintBody(body))
      if (severity === 'WARNING')
        findings.push({ severity, field: `templates.${head.id}.${field}`, message });
  }
  return findings;
}
