/**
 * Replaying: deliveries are sent again by a new notification that points at the original. It is planned like any
 * other, so that people are asked again; what it sends to whom is in its `resend`.
 */
import type { Connection } from 'mongoose';
import { badInput, conflict } from '../../../platform/errors/herald-error.ts';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import { newId } from '../../../platform/names/ids.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import type { TemplatesService } from '../../templates/index.ts';
import type { PlanEnqueuer } from '../accept/plan-enqueuer.ts';
import { idemOf } from '../accept/to-record.ts';
import type { Actor } from '../audit/actor.ts';
import { writeAudit } from '../audit/write-audit.ts';
import type { DeadLetterRecord } from '../dead-letters/dead-letter-record.ts';
import { resolveLetters } from '../dead-letters/resolve-letters.ts';
import { FIRST_LOOK_MS } from '../outbox/looks.ts';
import { notificationUpdated } from '../outbox/plan-events.ts';
import type { DeliveryRecord } from '../records/delivery-record.ts';
import type { NotificationRecord } from '../records/notification-record.ts';
import type { NotificationModels } from '../store/models.ts';
import { addressProblemOf, beforeEdit, type ReplayEdit } from './replay-edit.ts';

/** The newest replays are told in an original's timeline; the dead letters know all. */
const KEPT_REPLAYS = 1_000;

export interface ReplayDeps {
  readonly connection: Connection;
  readonly models: NotificationModels;
  readonly events: EventLog;
  readonly templates: TemplatesService;
  readonly enqueuer: Pick<PlanEnqueuer, 'accepted'>;
}

/** Deliveries of one notification that one replay sends again. */
export interface ReplayGroup {
  readonly original: NotificationRecord;
  readonly deliveries: readonly DeliveryRecord[];
  /** The dead letters among them, all open. */
  readonly letters: readonly DeadLetterRecord[];
}

/** Who asks for it, and how. */
export interface ReplayRequest {
  readonly by: Actor;
  readonly edit?: ReplayEdit;
  readonly reason?: string;
  /** The filter that chose the dead letters, for the audit trail. */
  readonly filter?: Record<string, unknown>;
}

/**
 * The notification that would send the group again.
 * @throws HeraldError BAD_USER_INPUT for an edit that does not suit it, CONFLICT when it must be rendered and its
 * template is not published any more, or it brings a one-time password that has ended or whose message did not fail.
 */
export async function prepareReplay(
  { templates, models }: Pick<ReplayDeps, 'templates' | 'models'>,
  { original, deliveries }: ReplayGroup,
  edit: ReplayEdit | undefined,
  now: Date,
): Promise<NotificationRecord> {
  const { otp } = original;
  if (otp) {
    // Whoever could change where a code goes, or what is said of it, could have it.
    if (edit) throw conflict(`"${original._id}" brings a one-time password: it cannot be edited.`, 'edit');
    if (!(await isAlive(models, otp.id, now)))
      throw conflict(`The one-time password of "${original._id}" has ended: request a new one instead.`);
    // How often one goes out is the limits' to say.
    const other = deliveries.find(({ state }) => state !== 'FAILED');
    if (other)
      throw conflict(
        `"${other._id}" is ${other.state}: of a one-time password only what failed is sent again. Request a new one instead.`,
        'deliveries',
      );
  }
  const wrongAddress = edit && addressProblemOf(edit, deliveries);
  if (wrongAddress) throw wrongAddress;
  if (edit?.data && original.template === undefined)
    throw badInput('edit.data', `"${original._id}" was sent without a template: edit its content instead.`);
  const anew = edit?.data !== undefined || edit?.content !== undefined;
  const rendered =
    original.template !== undefined && !edit?.content && (anew || deliveries.some((d) => !d.content));
  if (rendered) {
    const id = original.template ?? '';
    const template = await templates.publishedTemplate(original.workspace, id);
    if (!template)
      throw conflict(
        `The template "${id}" of "${original._id}" is not published: it cannot be rendered anew.`,
      );
    const problem = edit?.data && template.dataProblem(edit.data);
    if (problem)
      throw badInput(problem.path === '' ? 'edit.data' : `edit.data.${problem.path}`, problem.message);
  }
  return replayOf(original, deliveries, { anew, rendered, now, ...(edit && { edit }) });
}

async function isAlive(models: Pick<NotificationModels, 'raw'>, otp: string, now: Date): Promise<boolean> {
  const found = await models.raw.sealedCodes.findOne({ _id: otp }, { projection: { expiresAt: 1 } });
  return found !== null && found.expiresAt > now;
}

/** Pure but for the new id. */
function replayOf(
  original: NotificationRecord,
  deliveries: readonly DeliveryRecord[],
  how: { anew: boolean; rendered: boolean; now: Date; edit?: ReplayEdit },
): NotificationRecord {
  const { edit, now } = how;
  const { event, routeVersion, template, templateVersion, category, otp, locale, expiresAt } = original;
  const id = newId('ntf', now.getTime());
  const content = edit?.content ?? original.content;
  const data = edit?.data ?? original.data;
  return {
    _id: id,
    workspace: original.workspace,
    app: original.app,
    idem: idemOf(original, id),
    state: 'ACCEPTED',
    priority: original.priority,
    ...(event !== undefined && { event }),
    ...(routeVersion !== undefined && { routeVersion }),
    ...(template !== undefined && !edit?.content && { template }),
    // Rendered anew it is the version that is published then.
    ...(templateVersion !== undefined && !how.rendered && !edit?.content && { templateVersion }),
    ...(content && { content }),
    to: [],
    channels: original.channels,
    ...(data && { data }),
    ...(category !== undefined && { category }),
    createdAt: now,
    dueAt: now,
    nextAttemptAt: new Date(now.getTime() + FIRST_LOOK_MS),
    lane: original.priority,
    planned: false,
    ...(locale !== undefined && { locale }),
    // Otherwise what is sent again is sent however late.
    ...(otp && { otp, ...(expiresAt && { expiresAt }) }),
    replayOf: original._id,
    resend: {
      deliveries: deliveries.map((d) => d._id),
      ...(edit?.address !== undefined && { address: edit.address }),
      anew: how.anew,
    },
  };
}

/**
 * Stores replays and all that follows from them, or nothing: the dead letters are REPLAYED, originals and replays
 * point at each other, the audit trail tells of it. Then they are queued for planning.
 * @throws LettersMoved when somebody else was faster with one of the dead letters.
 */
export async function storeReplays(
  deps: ReplayDeps,
  groups: readonly (ReplayGroup & { readonly replay: NotificationRecord })[],
  request: ReplayRequest,
  now: Date,
): Promise<void> {
  const [first] = groups;
  if (!first) return;
  const { by, edit, reason, filter } = request;
  const replays = groups.map(({ replay }) => replay);
  const deliveries = groups.flatMap((group) => group.deliveries.map((d) => d._id));
  const resolved = groups.flatMap(({ letters, replay }) =>
    letters.map((letter) => ({
      letter,
      resolution: {
        state: 'REPLAYED' as const,
        by,
        at: now,
        replay: replay._id,
        ...(reason !== undefined && { reason }),
      },
    })),
  );
  await inTransaction(deps.connection, async (session) => {
    await resolveLetters(deps.models, resolved, session);
    await deps.models.raw.notifications.insertMany(
      replays.map((replay) => ({ ...replay })),
      { session, ordered: true },
    );
    await deps.models.raw.notifications.bulkWrite(
      groups.map(({ original, replay }) => ({
        updateOne: {
          filter: { _id: original._id },
          update: {
            $push: {
              replays: {
                $each: [{ at: now, notification: replay._id, by: by.name }],
                $slice: -KEPT_REPLAYS,
              },
            },
          },
        },
      })),
      { session, ordered: true },
    );
    await writeAudit(
      deps.models,
      {
        workspace: first.original.workspace,
        at: now,
        actor: by,
        action: 'REPLAY',
        deliveries,
        notifications: groups.map(({ original }) => original._id),
        replays: replays.map(({ _id }) => _id),
        count: deliveries.length,
        ...(reason !== undefined && { reason }),
        ...(filter && { filter }),
        ...(edit && { after: { ...edit } }),
        ...(edit && groups.length === 1 && { before: beforeEdit(edit, first.original, first.deliveries) }),
      },
      session,
    );
  });
  deps.enqueuer.accepted(replays);
  await deps.events.append(groups.map(({ original }) => notificationUpdated(original, original.state, now)));
}
