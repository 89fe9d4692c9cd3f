/**
 * Looks at how many dead letters are new and raises an alert where they are too many: a line in the log, an event,
 * a document. What it costs follows from the number of workspaces and the threshold, not from what is stored.
 */
import type { Connection } from 'mongoose';
import type { EventLog } from '../../../platform/event-log/event-log.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import { newId } from '../../../platform/names/ids.ts';
import { inTransaction } from '../../../platform/storage/mongo.ts';
import { DEAD_LETTER_STATES, type DeadLetterRecord } from '../dead-letters/dead-letter-record.ts';
import { keyRange, ofWorkspace } from '../dead-letters/list-keys.ts';
import type { NotificationModels } from '../store/models.ts';
import { type AlertRecord, alertId } from './alert-record.ts';
import { workspacesWithDeadLetters } from './workspaces.ts';

/** Counting stops here: an alert says "1,000 or more". */
const MAX_COUNTED = 1_000;

export interface AlertRule {
  /** An alert is raised at so many new dead letters in a workspace … */
  readonly count: number;
  /** … within so long, and then not again for as long. */
  readonly windowMs: number;
}

interface AlertDeps {
  readonly connection: Connection;
  readonly models: Pick<NotificationModels, 'raw'>;
  readonly events: EventLog;
  readonly log: Logger;
}

/** One look at every workspace. Returns what it raised; a second process at the same moment raises nothing more. */
export async function raiseAlerts(deps: AlertDeps, rule: AlertRule, now: Date): Promise<AlertRecord[]> {
  const raised: AlertRecord[] = [];
  for await (const workspace of workspacesWithDeadLetters(deps.models)) {
    const fresh = await newSince(deps.models, workspace, new Date(now.getTime() - rule.windowMs), rule);
    if (fresh.length < rule.count) continue;
    const alert = alertOf(workspace, fresh, rule, now);
    if (await store(deps, alert, rule)) raised.push(alert);
  }
  for (const alert of raised) {
    const { workspace, count, windowMs, reasons } = alert;
    deps.log.warn(
      { alert: alertId(alert), workspace, count, windowMs, reasons },
      'alert: dead letters are growing',
    );
  }
  await deps.events.append(
    raised.map((alert) => ({
      v: 1,
      type: 'alert.raised',
      workspace: alert.workspace,
      at: alert.at.getTime(),
      alert: alertId(alert),
      kind: alert.kind,
      count: alert.count,
    })),
  );
  return raised;
}

/** Whatever became of them: one that was discarded at once has still come. */
async function newSince(
  models: Pick<NotificationModels, 'raw'>,
  workspace: string,
  from: Date,
  rule: AlertRule,
): Promise<Pick<DeadLetterRecord, 'reason'>[]> {
  const pages = await Promise.all(
    DEAD_LETTER_STATES.map((state) =>
      models.raw.deadLetters
        .find(
          { byWorkspace: keyRange(ofWorkspace(workspace), state, { from }) },
          { projection: { reason: 1 } },
        )
        .sort({ byWorkspace: -1 })
        .limit(Math.max(rule.count, MAX_COUNTED))
        .toArray(),
    ),
  );
  return pages.flat();
}

/** Pure but for the new id. */
function alertOf(
  workspace: string,
  fresh: readonly Pick<DeadLetterRecord, 'reason'>[],
  { count: threshold, windowMs }: AlertRule,
  now: Date,
): AlertRecord {
  const count = Math.min(fresh.length, Math.max(threshold, MAX_COUNTED));
  const reasons: Record<string, number> = {};
  for (const { reason } of fresh) reasons[reason] = (reasons[reason] ?? 0) + 1;
  const [most] = Object.entries(reasons).sort((a, b) => b[1] - a[1]);
  const shown = count < MAX_COUNTED ? String(count) : `${MAX_COUNTED.toLocaleString('en')} or more`;
  return {
    _id: `${workspace}|${newId('alr', now.getTime())}`,
    workspace,
    kind: 'DEAD_LETTERS',
    at: now,
    message: `${shown} deliveries failed for good within ${Math.round(windowMs / 1000)} s, most of them with ${most?.[0] ?? 'CHANNEL_INTERNAL'}.`,
    count,
    windowMs,
    reasons,
  };
}

/** Once for each window: the mark of the last alert decides, in the transaction that stores the next. */
function store({ connection, models }: AlertDeps, alert: AlertRecord, rule: AlertRule): Promise<boolean> {
  const mark = `${alert.workspace}|${alert.kind}`;
  return inTransaction(connection, async (session) => {
    const last = await models.raw.alertMarks.findOne({ _id: mark }, { session });
    if (last && last.raisedAt.getTime() > alert.at.getTime() - rule.windowMs) return false;
    await models.raw.alertMarks.updateOne(
      { _id: mark },
      { $set: { raisedAt: alert.at } },
      { session, upsert: true },
    );
    await models.raw.alerts.insertOne({ ...alert }, { session });
    return true;
  });
}
