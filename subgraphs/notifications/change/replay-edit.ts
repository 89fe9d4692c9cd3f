/** What may be changed in a replay. Pure. */

import { directAddressProblem } from '../../../platform/addresses/address-problem.ts';
import { badInput, type HeraldError } from '../../../platform/errors/herald-error.ts';
import { withoutNulls } from '../../../platform/graphql/without-nulls.ts';
import { contentProblem, dataProblem, type SendInput } from '../accept/check-input.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { InlineContent, NotificationRecord } from '../records/notification-record.ts';

/** `ReplayEditInput` of the graph. */
export interface ReplayEditInput {
  readonly address?: string | null;
  readonly data?: unknown;
  readonly content?: SendInput['content'];
}

/** An edit, checked. At least one of them is there; `data` and `content` exclude each other. */
export interface ReplayEdit {
  readonly address?: string;
  /** Takes the place of all of the notification's data: its template is rendered anew. */
  readonly data?: Record<string, unknown>;
  /** Takes the place of the notification's words, those of a template too. */
  readonly content?: InlineContent;
}

/** @throws HeraldError BAD_USER_INPUT, with the field below `edit`. */
export function checkedEdit(input: ReplayEditInput): ReplayEdit {
  const given = withoutNulls<ReplayEditInput>(input);
  if (Object.keys(given).length === 0)
    throw badInput('edit', 'Give address, data or content, or leave `edit` out.');
  if (given.data !== undefined && given.content !== undefined)
    throw badInput('edit.content', 'Give data (for the template) or content (words of its own), not both.');
  const problem = contentProblem(given, 'edit') ?? dataProblem(given, 'edit');
  if (problem) throw problem;
  return {
    ...(given.address != null && { address: given.address }),
    ...(given.data !== undefined && { data: given.data as Record<string, unknown> }),
    ...(given.content && { content: withoutNulls<InlineContent>(given.content) }),
  };
}

/** Why a delivery cannot be sent to the edited address. */
export function addressProblemOf(
  edit: ReplayEdit,
  deliveries: readonly DeliveryRecord[],
): HeraldError | undefined {
  if (edit.address === undefined) return undefined;
  const [delivery] = deliveries;
  if (!delivery || deliveries.length > 1)
    return badInput('edit.address', 'An address can be edited for one delivery at a time.');
  if (delivery.channel === 'IN_APP')
    return badInput('edit.address', "In-app messages go to the person's inbox: there is no address.");
  const problem = directAddressProblem(delivery.channel, edit.address);
  return problem === undefined ? undefined : badInput('edit.address', problem);
}

/** For the audit trail: what was edited, as it was. */
export function beforeEdit(
  edit: ReplayEdit,
  original: NotificationRecord,
  deliveries: readonly DeliveryRecord[],
): Record<string, unknown> {
  return {
    ...(edit.address !== undefined && { address: deliveries[0]?.address ?? null }),
    ...(edit.data && { data: original.data ?? null }),
    ...(edit.content && {
      content: original.content ?? null,
      ...(original.template !== undefined && { template: original.template }),
    }),
  };
}
