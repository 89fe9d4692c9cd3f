/** Answers what sends would do: plans them page by page, and stores nothing. */
import { messageOf } from '../../platform/errors/message-of.ts';
import type { SkipReason } from '../../platform/graphql/contract-enums.ts';
import type { Connections } from '../../platform/lifecycle/connections.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import { EXPLAIN_QUEUE } from '../../platform/names/redis-names.ts';
import type { ExplainJob } from '../../platform/queues/queues.ts';
import {
  answerExplanation,
  deliveryId,
  type ExplainedDelivery,
  type Explanation,
  explainedRecord,
  type NotificationRecord,
  type PlannedDelivery,
} from '../../subgraphs/notifications/index.ts';
import { startAnswering } from '../answering-worker.ts';
import { PageMaker, type PageMakerDeps } from '../plan/page-maker.ts';

const CONCURRENCY = 2;
/** Deliveries that are told of. */
const MAX_DELIVERIES = 200;
/** Pages without a delivery (nobody in a group meets the condition) that are looked at. */
const MAX_PAGES = 20;

/** Takes questions from now on. @param deps.rules must not count or claim. */
export function startExplanations(
  deps: PageMakerDeps & {
    readonly connections: Pick<Connections, 'redis' | 'names' | 'further'>;
    readonly log: Logger;
  },
): { close(): Promise<void> } {
  const { connections, log } = deps;
  return startAnswering<ExplainJob>({
    queue: EXPLAIN_QUEUE,
    concurrency: CONCURRENCY,
    connections,
    log,
    answer: async (job) => answerExplanation(job.id, await explain(explainedRecord(job), deps), connections),
  });
}

async function explain(record: NotificationRecord, deps: PageMakerDeps): Promise<Explanation> {
  const told: ExplainedDelivery[] = [];
  // Who is named, and in a group as well, is on two pages, and gets it once.
  const known = new Set<string>();
  const isNew = (delivery: Parameters<typeof deliveryId>[1]) => {
    const before = known.size;
    return known.add(deliveryId(record, delivery)).size > before;
  };
  const pages = new PageMaker({
    ...deps,
    onUnwanted: ({ action, record: { channels } }, user, because) => {
      const [channel = 'IN_APP'] = channels;
      if (isNew({ channel, user, ...(action && { action }) }))
        told.push({ ...(action && { action: action.name }), channel, user, because });
    },
  });
  let open: NotificationRecord | undefined = record;
  for (let page = 0; open && page < MAX_PAGES && told.length < MAX_DELIVERIES; page++) {
    const failures = new Map<string, unknown>();
    const [made] = await pages.pages([open], failures);
    if (!made) {
      const problem = messageOf(failures.get(record._id) ?? new Error('It cannot be planned.'));
      return { deliveries: told, hasMore: false, problem };
    }
    told.push(...made.deliveries.filter(isNew).map(explained));
    open = made.nextCursor === undefined ? undefined : { ...open, planCursor: made.nextCursor };
  }
  return {
    deliveries: told.slice(0, MAX_DELIVERIES),
    hasMore: open !== undefined || told.length > MAX_DELIVERIES,
  };
}

/** A planned delivery as the graph tells of it. */
export function explained(planned: PlannedDelivery): ExplainedDelivery {
  const { channel, user, address, renderError, action, chain, content } = planned;
  const skipReason = planned.skipReason ?? skippedNow(planned);
  const because = renderError ?? (skipReason ? REASONS[skipReason] : waits(planned));
  return {
    ...(action && { action: action.name }),
    channel,
    ...(user !== undefined && { user }),
    ...(address !== undefined && { address }),
    ...(skipReason && { skipReason }),
    ...(because !== undefined && { because }),
    ...(chain && { step: chain.step }),
    ...(chain?.waits && chain.afterSeconds !== undefined && { afterSeconds: chain.afterSeconds }),
    ...(content && {
      locale: content.locale,
      ...(content.title !== undefined && { title: content.title }),
      body: content.body,
    }),
  };
}

/** Quiet hours are told apart by whoever attempts it, and the first attempt would be now. */
const skippedNow = ({ held, quiet, chain }: PlannedDelivery): SkipReason | undefined =>
  held && quiet?.skip && !chain?.waits ? 'QUIET_HOURS' : undefined;

function waits({ held, chain }: PlannedDelivery): string | undefined {
  if (held) return 'It is held until the quiet hours end.';
  if (!chain?.waits) return undefined;
  return chain.afterSeconds === undefined
    ? 'Only if the step before fails.'
    : `Only if the step before has no success within ${chain.afterSeconds} s.`;
}

const REASONS: Readonly<Record<SkipReason, string>> = {
  NO_ADDRESS: 'There is no address or device of the user for this channel.',
  CHANNEL_NOT_CONFIGURED: 'No provider account serves this channel.',
  UNSUBSCRIBED: 'The recipient does not want this category, or this channel.',
  SUPPRESSED: 'The address gets nothing: it bounced, complained, or was suppressed by hand.',
  FREQUENCY_CAP: 'The recipient has had as many as the throttle allows.',
  NOT_ALLOWED: 'The template has no words for this channel.',
  FALLBACK_NOT_NEEDED: 'An earlier step was enough.',
  ALREADY_SENT: 'One of this key was sent within the window already.',
  QUIET_HOURS: 'The recipient has quiet hours, and the route skips them.',
  DIGESTED: 'It is collected for the digest.',
};
