/** What templates and conditions know of a person: the same in both, and in segments. Pure. */
import type { Recipient, UserCounts } from '../contract.ts';

/** Of somebody who has done nothing yet. */
export const NO_COUNTS: UserCounts = { opened: 0, clicked: 0, openedRecently: 0, clickedRecently: 0 };

/** @returns `user` of conditions. What is not known is not there: `has(user.lastOpenedAt)`. */
export function userVariables(recipient: Recipient | undefined): Record<string, unknown> {
  if (!recipient) return {};
  const { id, name, email, phone, locale, timezone, groups, attributes } = recipient;
  const { lastSeenAt, lastOpenedAt, counts = NO_COUNTS } = recipient;
  return {
    id,
    name,
    email,
    phone,
    locale,
    timezone,
    groups,
    attributes,
    lastSeenAt,
    lastOpenedAt,
    counts,
  };
}

/** @returns `user` of templates: times are written in RFC 3339, as the graph writes them. */
export function writtenUserVariables(recipient: Recipient | undefined): Record<string, unknown> {
  const variables = userVariables(recipient);
  const { lastSeenAt, lastOpenedAt } = recipient ?? {};
  if (lastSeenAt) variables.lastSeenAt = lastSeenAt.toISOString();
  if (lastOpenedAt) variables.lastOpenedAt = lastOpenedAt.toISOString();
  return variables;
}
