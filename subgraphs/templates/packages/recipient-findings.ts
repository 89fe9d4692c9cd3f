/** Routes of a package that name somebody who is not there. */
import type { Directory } from '../contract.ts';
import { unknownRecipients } from '../service/unknown-recipients.ts';
import { draftOf, type PackageState } from './package-state.ts';
import type { PackageFinding } from './plan-publish.ts';

/** Warnings of the draft's routes: publishing does not refuse them. */
export async function recipientFindings(
  directory: Directory,
  state: PackageState,
): Promise<PackageFinding[]> {
  const routes = state.routes.flatMap((head) => {
    const body = draftOf(head);
    return body ? [{ event: head.id, body }] : [];
  });
  const unknown = await unknownRecipients(directory, state.head.workspace, routes);
  return unknown.map(({ event, field, message }) => ({
    severity: 'WARNING',
    field: `routes.${event}.${field}`,
    message,
  }));
}
