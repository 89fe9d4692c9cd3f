/** Users, groups and segments that routes name and that are not there. They may come later: sends wait for that, not drafts. */
import type { Directory, RouteBody, RouteRecipient } from '../contract.ts';

export interface UnknownRecipient {
  readonly event: string;
  /** Within the route: `actions.0.recipients.1.user`. */
  readonly field: string;
  readonly message: string;
}

type Kind = 'user' | 'group' | 'segment';
const KINDS: readonly Kind[] = ['user', 'group', 'segment'];
const MESSAGES: Readonly<Record<Kind, (id: string) => string>> = {
  user: (id) =>
    `There is no user "${id}" yet: until upsertUsers creates it, sends of this event are refused.`,
  group: (id) => `No user is in the group "${id}" yet: until one is, sends of this event are refused.`,
  segment: (id) =>
    `There is no segment "${id}" yet: until saveSegment makes it, sends of this event are refused.`,
};

/** Asks once for all routes. In the order of the routes. */
export async function unknownRecipients(
  directory: Directory,
  workspace: string,
  routes: readonly { readonly event: string; readonly body: RouteBody }[],
): Promise<UnknownRecipient[]> {
  const named = routes.flatMap(({ event, body }) =>
    body.actions.flatMap(({ recipients }, action) =>
      recipients.flatMap((recipient, index) =>
        namedBy(event, `actions.${action}.recipients.${index}`, recipient),
      ),
    ),
  );
  const idsOf = (kind: Kind) => [...new Set(named.filter((one) => one.kind === kind).map(({ id }) => id))];
  const [users, groups, segments] = await Promise.all([
    directory.missingUsers(workspace, idsOf('user')),
    directory.emptyGroups(workspace, idsOf('group')),
    directory.missingSegments(workspace, idsOf('segment')),
  ]);
  const missing = { user: new Set(users), group: new Set(groups), segment: new Set(segments) };
  return named
    .filter(({ kind, id }) => missing[kind].has(id))
    .map(({ event, field, kind, id }) => ({ event, field, message: MESSAGES[kind](id) }));
}

const namedBy = (event: string, at: string, recipient: RouteRecipient) =>
  KINDS.flatMap((kind) => {
    const id = recipient[kind];
    return id === undefined ? [] : [{ event, field: `${at}.${kind}`, kind, id }];
  });
