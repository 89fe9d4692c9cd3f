/**
 * Only the first of an event and key within a window is sent. Its claim is a document whose id is made of them: who
 * inserts it, or takes over one whose window is over, is the first. It is asked when notifications are planned, in
 * the order in which they were accepted where they are planned together; of two that are planned apart at the same
 * moment it is the one whose planner comes first, which the queues make the earlier one as a rule.
 */
import { hash } from 'node:crypto';
import type { mongo } from 'mongoose';
import type { NotificationModels } from '../store/models.ts';
import type { OnceRecord } from './once-model.ts';
import type { OnceClaim } from './rule-store.ts';

const DUPLICATE_KEY = 11_000;
/** Whoever is planned again was the first not many windows ago. */
const MAX_OWNERS = 20;

interface Candidate extends OnceClaim {
  readonly id: string;
}

/** See `RuleStore.claimOnce`. @throws what MongoDB throws. */
export async function claimOnce(
  models: Pick<NotificationModels, 'raw'>,
  claims: readonly OnceClaim[],
): Promise<ReadonlyMap<string, string>> {
  const lost = new Map<string, string>();
  let open: readonly Candidate[] = claims
    .map((claim) => ({ ...claim, id: onceId(claim) }))
    .sort(byAcceptance);
  while (open.length > 0) {
    const byId = Map.groupBy(open, ({ id }) => id);
    await claimEach(
      models,
      [...byId.values()].flatMap(([first]) => first ?? []),
    );
    const found = await models.raw.onceClaims.find({ _id: { $in: [...byId.keys()] } }).toArray();
    const claimed = new Map(found.map((record) => [record._id, record]));
    open = open.filter((candidate) => {
      const decision = decide(candidate, claimed.get(candidate.id));
      if (decision.kind === 'lost') lost.set(candidate.notification, decision.to);
      return decision.kind === 'again';
    });
  }
  return lost;
}

/** As `claimOnce`, without claiming. @throws what MongoDB throws. */
export async function peekOnce(
  models: Pick<NotificationModels, 'raw'>,
  claims: readonly OnceClaim[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Map(claims.map((claim) => [claim.notification, onceId(claim)]));
  const found = await models.raw.onceClaims.find({ _id: { $in: [...ids.values()] } }).toArray();
  const claimed = new Map(found.map((record) => [record._id, record]));
  return new Map(
    claims.flatMap((claim): [string, string][] => {
      const decision = decide(claim, claimed.get(ids.get(claim.notification) ?? ''));
      return decision.kind === 'lost' ? [[claim.notification, decision.to]] : [];
    }),
  );
}

type Decision =
  | { readonly kind: 'first' }
  | { readonly kind: 'lost'; readonly to: string }
  /** The window is over, or was cleaned away in between: it may be the first of the next one. */
  | { readonly kind: 'again' };

/** Pure. */
export function decide(
  { notification, acceptedAt }: Pick<OnceClaim, 'notification' | 'acceptedAt'>,
  record: Pick<OnceRecord, 'notification' | 'owners' | 'until'> | undefined,
): Decision {
  if (!record) return { kind: 'again' };
  if (record.owners.includes(notification)) return { kind: 'first' };
  return acceptedAt < record.until ? { kind: 'lost', to: record.notification } : { kind: 'again' };
}

/** One of each id. Those whose window belongs to another change nothing: their insert meets a key that is there. */
async function claimEach(
  { raw }: Pick<NotificationModels, 'raw'>,
  candidates: readonly Candidate[],
): Promise<void> {
  const operations = candidates.map(({ id, notification, acceptedAt, windowSeconds }) => ({
    updateOne: {
      filter: { _id: id, until: { $lte: acceptedAt } },
      update: {
        $set: { notification, until: new Date(acceptedAt.getTime() + windowSeconds * 1_000) },
        $push: { owners: { $each: [notification], $slice: -MAX_OWNERS } },
      } as unknown as mongo.UpdateFilter<OnceRecord>,
      upsert: true,
    },
  }));
  try {
    await raw.onceClaims.bulkWrite(operations, { ordered: false });
  } catch (error) {
    if (!onlyDuplicates(error)) throw error;
  }
}

function onlyDuplicates(error: unknown): boolean {
  if (!(error instanceof Error) || !('writeErrors' in error)) return false;
  const errors = [error.writeErrors].flat() as readonly { readonly code?: number }[];
  return errors.length > 0 && errors.every(({ code }) => code === DUPLICATE_KEY);
}

const byAcceptance = (a: OnceClaim, b: OnceClaim): number =>
  a.acceptedAt.getTime() - b.acceptedAt.getTime() || (a.notification < b.notification ? -1 : 1);

const onceId = ({ workspace, event, key }: OnceClaim): string =>
  hash('sha256', JSON.stringify([workspace, event, key]), 'base64url');
