/** The document of a send, from its input and what the input refers to. Pure but for the new id. */
import type { AppPermissions } from '../../../platform/auth/principal.ts';
import { judge } from '../../../platform/conditions/condition.ts';
import type { Priority } from '../../../platform/graphql/contract-enums.ts';
import { withoutNulls } from '../../../platform/graphql/without-nulls.ts';
import { newId } from '../../../platform/names/ids.ts';
import type { RouteAction } from '../../templates/index.ts';
import { FIRST_LOOK_MS } from '../outbox/looks.ts';
import type { InlineContent, NotificationRecord, RecipientEntry } from '../records/notification-record.ts';
import type { SendInput } from './check-input.ts';
import { requestHash } from './request-hash.ts';
import type { Resolved, ResolvedAction } from './resolve-references.ts';
import { keyAt, rulesOf } from './route-rules.ts';

/** Who sends: the app in whose name, in its workspace. */
export interface Sender {
  readonly workspace: string;
  readonly app: string;
  /** Of the request that sends, for the log. */
  readonly requestId?: string;
  /** To be looked at, and told from what is meant. */
  readonly isTest?: true;
  /** What the app may send: everything without it. */
  readonly may?: AppPermissions;
  /** The event that brings this one about, and how many have led to it. */
  readonly origin?: { readonly notification: string; readonly depth: number };
}

/** The document of an input whose references are resolved. */
export function toRecord(
  sender: Sender,
  input: SendInput,
  resolved: Resolved,
  now: Date,
): NotificationRecord {
  const { route, passedOver = [] } = resolved;
  const id = newId('ntf', now.getTime());
  const delayed = route && route.delaySeconds > 0 ? new Date(now.getTime() + route.delaySeconds * 1000) : now;
  const dueAt = input.sendAt && input.sendAt > delayed ? input.sendAt : delayed;
  const waits = dueAt > now;
  const { oneTime } = input;
  const priority = priorityOf(input, resolved);
  // Codes are of no category: nobody subscribes to them.
  const category = oneTime ? undefined : categoryOf(input, resolved);
  const rules = route && rulesOf(route, input);
  const expiresAt = expiryOf(input, route, dueAt);
  return {
    _id: id,
    workspace: sender.workspace,
    app: sender.app,
    idem: idemOf(sender, input.idempotencyKey ?? id),
    ...(input.idempotencyKey != null && { requestHash: hashOf(input) }),
    state: waits ? 'SCHEDULED' : 'ACCEPTED',
    priority,
    ...(input.event != null && { event: input.event }),
    ...(route && { routeVersion: route.version }),
    ...(input.content && { content: withoutNulls<InlineContent>(input.content) }),
    ...messageOf(input, resolved),
    ...(passedOver.length > 0 && { passedOver }),
    ...(rules && { rules }),
    ...ofEvent(input, resolved, waits, now),
    ...(sender.isTest && { isTest: true }),
    ...(sender.origin && {
      followUpOf: sender.origin.notification,
      followUpDepth: sender.origin.depth,
    }),
    ...(input.data != null && { data: input.data as Record<string, unknown> }),
    ...(category !== undefined && { category }),
    createdAt: now,
    dueAt,
    ...(input.sendAt && { sendAt: input.sendAt }),
    ...(expiresAt && { expiresAt }),
    nextAttemptAt: waits ? dueAt : new Date(now.getTime() + FIRST_LOOK_MS),
    lane: waits ? 'TIMED' : priority,
    planned: false,
    ...(oneTime && { otp: oneTime.otp }),
    ...(oneTime?.locale !== undefined && { locale: oneTime.locale }),
  };
}

/** What an event does to others. */
function ofEvent(
  input: SendInput,
  { route, cancels = [] }: Resolved,
  waits: boolean,
  now: Date,
): Pick<NotificationRecord, 'cancelKey' | 'cancels' | 'followUps'> {
  if (!route) return cancels.length > 0 ? { cancels } : {};
  const cancelKey =
    waits && route.cancelOn.length > 0 && route.key !== undefined ? keyAt(input.data, route.key) : undefined;
  const to = (input.to ?? []).map(withoutNulls<RecipientEntry>);
  const variables = { data: input.data ?? {}, event: route.event, now };
  const followUps = route.followUps
    .filter(({ when }) => when === undefined || judge('event', when, variables).holds)
    .map(({ event, afterSeconds }) => ({ event, afterSeconds, to }));
  return {
    ...(cancelKey !== undefined && { cancelKey }),
    ...(cancels.length > 0 && { cancels }),
    ...(followUps.length > 0 && { followUps }),
  };
}

type Message = Pick<
  NotificationRecord,
  | 'template'
  | 'templateVersion'
  | 'to'
  | 'channels'
  | 'fallback'
  | 'addressesAreOne'
  | 'recipientWhen'
  | 'actions'
>;

/** One message is the notification's own; several are its actions. */
function messageOf(input: SendInput, { template, actions, fallback }: Resolved): Message {
  const asked: AskedChannels = {
    ...(input.channels && { channels: input.channels }),
    ...(fallback && { fallback }),
  };
  if (!actions)
    return {
      ...(template && { template: template.id }),
      to: (input.to ?? []).map(withoutNulls<RecipientEntry>),
      ...channelsOf(asked, undefined),
    };
  const [only, ...more] = actions;
  if (!only) return { to: [], channels: [], actions: [] };
  if (more.length > 0)
    return {
      template: only.template.id,
      to: [],
      channels: [],
      actions: actions.map((one) => ({
        name: one.action.name,
        template: one.template.id,
        // Several messages of an event are of one moment, whenever they are planned.
        templateVersion: one.template.version,
        to: one.to,
        ...ownChannels(asked, one.action),
        ...(one.action.recipientWhen !== undefined && { recipientWhen: one.action.recipientWhen }),
        ...actionCategory(input, one),
      })),
    };
  const { action } = only;
  return {
    template: action.template,
    ...(action.templateVersion !== undefined && { templateVersion: action.templateVersion }),
    to: only.to,
    ...ownChannels(asked, action),
    ...(action.recipientWhen !== undefined && { recipientWhen: action.recipientWhen }),
  };
}

/** What the caller says of channels is for those whom the caller names. */
const ownChannels = (asked: AskedChannels, action: RouteAction) =>
  channelsOf(action.recipients.some(({ caller }) => caller) ? asked : {}, action);

function actionCategory(input: SendInput, { action, template }: ResolvedAction) {
  const category = input.category ?? action.category ?? template.category;
  return category === undefined ? {} : { category };
}

function categoryOf(input: SendInput, { route, template, actions }: Resolved): string | undefined {
  const only = actions?.length === 1 ? actions[0] : undefined;
  return (
    input.category ??
    only?.action.category ??
    route?.category ??
    template?.category ??
    only?.template.category
  );
}

function expiryOf(input: SendInput, route: Resolved['route'], dueAt: Date): Date | undefined {
  if (input.expiresAt) return input.expiresAt;
  const seconds = route?.expiresAfterSeconds;
  return seconds === undefined ? undefined : new Date(dueAt.getTime() + seconds * 1_000);
}

/** What the caller says of channels. */
type AskedChannels = Partial<Pick<NotificationRecord, 'channels' | 'fallback'>>;

/** What the caller says goes before all that the route says. */
function channelsOf(
  { channels, fallback }: AskedChannels,
  action: RouteAction | undefined,
): Pick<NotificationRecord, 'channels' | 'fallback' | 'addressesAreOne'> {
  if (fallback) return { channels: channels ?? [], fallback, addressesAreOne: true };
  if (channels) return { channels };
  return { channels: action?.channels ?? [], ...(action?.fallback && { fallback: action.fallback }) };
}

/** The caller's, else the route's. */
export const priorityOf = (input: SendInput | undefined, { route }: Pick<Resolved, 'route'>): Priority =>
  input?.priority ?? route?.priority ?? 'MEDIUM';

/** The unique key of a send: one per app and idempotency key. */
export const idemOf = (sender: Sender, key: string): string => `${sender.workspace}|${sender.app}|${key}`;

/** By which a repeat of the send is told from another one with the same key. */
export const hashOf = (input: SendInput | undefined): string =>
  input?.oneTime?.requestHash ?? requestHash(input);
