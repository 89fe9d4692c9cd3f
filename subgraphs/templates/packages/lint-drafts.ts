/** What people should look at in the templates of a package, and what publishing does not refuse. */
import type { Stores } from '../store/stores.ts';
import { lintBody } from '../versions/lint-body.ts';
import { gatherVersion } from '../versions/make-version.ts';
import { draftOf, type PackageState, partialsOfState } from './package-state.ts';
import type { PackageFinding } from './plan-publish.ts';

/** Warnings of the templates that have drafts. Other requests get their turn between two templates. */
export async function lintDrafts(stores: Stores, state: PackageState): Promise<PackageFinding[]> {
  const find = partialsOfState(stores, state);
  const settings = (state.head.draft ?? state.head.published)?.settings;
  const findings: PackageFinding[] = [];
  for (const head of state.templates) {
    const draft = draftOf(head);
    if (!draft || head.draft === undefined) continue;
    await new Promise((resolve) => setImmediate(resolve));
    const { body } = await gatherVersion(draft, find, settings);
    for (const { severity, field, message } of lintBody(body))
      if (severity === 'WARNING')
        findings.push({ severity, field: `templates.${head.id}.${field}`, message });
  }
  return findings;
}
