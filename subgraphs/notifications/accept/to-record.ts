/** The document of a send, from its input and what the input refers to. Pure but for the new id. */
import type { Priority } from '../../../platform/graphql/contract-enums.ts';
import { withoutNulls } from '../../../platform/graphql/without-nulls.ts';
import { newId } from '../../../platform/names/ids.ts';
import { fallbackSteps } from '../../templates/index.ts';
import type { InlineContent, NotificationRecord, RecipientEntry } from '../contract.ts';
import { FIRST_LOOK_MS } from '../outbox/looks.ts';
import type { SendInput } from './check-input.ts';
import { requestHash } from './request-hash.ts';
import type { Resolved } from './resolve-references.ts';

/** Who sends: the app in whose name, in its workspace. */
export interface Sender {
  readonly workspace: string;
  readonly app: string;
  /** Of the request that sends, for the log. */
  readonly requestId?: string;
}

/** The document of an input whose references are resolved. */
export function toRecord(
  sender: Sender,
  input: SendInput,
  { route, template }: Resolved,
  now: Date,
): NotificationRecord {
  const id = newId('ntf', now.getTime());
  const delayed = route && route.delaySeconds > 0 ? new Date(now.getTime() + route.delaySeconds * 1000) : now;
  const dueAt = input.sendAt && input.sendAt > delayed ? input.sendAt : delayed;
  const waits = dueAt > now;
  const priority = input.priority ?? route?.priority ?? 'MEDIUM';
  const category = input.category ?? route?.category ?? template?.category;
  const to = [...(input.to ?? []).map(withoutNulls<RecipientEntry>), ...(route?.recipients ?? [])];
  return {
    _id: id,
    workspace: sender.workspace,
    app: sender.app,
    idem: idemOf(sender, input.idempotencyKey ?? id),
    ...(input.idempotencyKey != null && { requestHash: requestHash(input) }),
    state: waits ? 'SCHEDULED' : 'ACCEPTED',
    priority: priorityOf(input, { route }),
    ...(route && { event: route.event, routeVersion: route.version }),
    ...(template && { template: template.id }),
    ...(input.content && { content: withoutNulls<InlineContent>(input.content) }),
    to,
    ...channelsOf(input, route),
    ...(input.data != null && { data: input.data as Record<string, unknown> }),
    ...(category !== undefined && { category }),
    createdAt: now,
    dueAt,
    ...(input.sendAt && { sendAt: input.sendAt }),
    ...(input.expiresAt && { expiresAt: input.expiresAt }),
    nextAttemptAt: waits ? dueAt : new Date(now.getTime() + FIRST_LOOK_MS),
    lane: waits ? 'TIMED' : priority,
    planned: false,
  };
}

/** What the caller says goes before all that the route says. */
function channelsOf(
  { channels, fallback }: SendInput,
  route: Resolved['route'],
): Pick<NotificationRecord, 'channels' | 'fallback' | 'addressesAreOne'> {
  if (fallback)
    return {
      channels: channels ?? [],
      fallback: fallbackSteps('fallback', fallback, channels ?? []),
      addressesAreOne: true,
    };
  if (channels) return { channels };
  return { channels: route?.channels ?? [], ...(route?.fallback && { fallback: route.fallback }) };
}

/** The caller's, else the route's. */
export const priorityOf = (input: SendInput | undefined, { route }: Pick<Resolved, 'route'>): Priority =>
  input?.priority ?? route?.priority ?? 'MEDIUM';

/** The unique key of a send: one per app and idempotency key. */
export const idemOf = (sender: Sender, key: string): string => `${sender.workspace}|${sender.app}|${key}`;
