/** The promise, checked: set against set. Pure. */
import type { Facts } from './facts.ts';

/** What a delivery may end as without anybody having received it. */
const ENDED = new Set(['FAILED', 'EXPIRED', 'SKIPPED', 'CANCELED']);
const NOT_ATTEMPTED = new Set(['EXPIRED', 'CANCELED']);
const FINAL_NOTIFICATION = new Set(['COMPLETED', 'EXPIRED', 'CANCELED']);
const FINAL_DELIVERY = new Set(['SENT', 'DELIVERED', ...ENDED]);
/** An attempt that began in time may arrive this much later: as long as one may take. */
const ARRIVAL_MS = 5_500;

export interface Verdict {
  readonly sent: number;
  readonly acknowledged: number;
  /** Acknowledged recipient × channel that nobody received and that has no other end: `key CHANNEL`. */
  readonly lost: readonly string[];
  /** Received or stored, and never sent by the client. */
  readonly unexpected: readonly string[];
  /** Times that the provider received what it had already. */
  readonly duplicated: number;
  /** Of all that went wrong besides, a sentence each. */
  readonly problems: readonly string[];
  /** How acknowledged deliveries ended, by state. */
  readonly ends: Readonly<Record<string, number>>;
}

/**
 * @param duplicatesAllowed what was in flight when something broke.
 * @param heldBackMs how much later than it was sent a message may have arrived because the network held it back.
 */
export function check(facts: Facts, duplicatesAllowed: number, heldBackMs = 0): Verdict {
  const sent = new Map(facts.sent.map((entry) => [entry.key, entry]));
  const received = Map.groupBy(facts.received, ({ text, channel }) => `${text} ${channel}`);
  const stored = Map.groupBy(facts.notifications, ({ key }) => key);
  const deliveries = Map.groupBy(facts.deliveries, ({ notification }) => notification);
  const inbox = Map.groupBy(facts.inbox, ({ key, user }) => `${key} ${user}`);
  const problems: string[] = [];
  const lost: string[] = [];
  const ends: Record<string, number> = {};
  const some = (what: string, which: readonly string[]) => {
    if (which.length > 0)
      problems.push(
        `${which.length} ${what}: ${which.slice(0, 3).join(', ')}${which.length > 3 ? ' …' : ''}`,
      );
  };

  const otherIds: string[] = [];
  for (const { key, notification } of facts.acknowledged) {
    const entry = sent.get(key);
    const [record] = stored.get(key) ?? [];
    if (record && record.id !== notification) otherIds.push(key);
    for (const channel of entry?.channels ?? []) {
      const own = (deliveries.get(notification) ?? []).find((delivery) => delivery.channel === channel);
      const end = own?.state ?? record?.state ?? 'NOT STORED';
      ends[end] = (ends[end] ?? 0) + 1;
      const there =
        channel === 'IN_APP' ? inbox.has(`${key} ${entry?.user}`) : received.has(`${key} ${channel}`);
      const ended = own ? ENDED.has(own.state) : record !== undefined && NOT_ATTEMPTED.has(record.state);
      if (!there && !ended) lost.push(`${key} ${channel} (${end})`);
    }
  }
  some('acknowledged with another id than stored', otherIds);
  some(
    'keys stored more than once',
    [...stored].filter(([, own]) => own.length > 1).map(([key]) => key),
  );
  some(
    'in an inbox more than once',
    [...inbox].filter(([, own]) => own.length > 1).map(([key]) => key),
  );
  some(
    'notifications not final',
    facts.notifications
      .filter(({ state }) => !FINAL_NOTIFICATION.has(state))
      .map(({ id, key, state }) => {
        const own = (deliveries.get(id) ?? []).map((delivery) => `${delivery.channel} ${delivery.state}`);
        return `${key} ${state} (${own.join(', ')})`;
      }),
  );
  some(
    'deliveries not final',
    facts.deliveries
      .filter(({ state }) => !FINAL_DELIVERY.has(state))
      .map(({ id, state }) => `${id} ${state}`),
  );
  some(
    'received after expiry',
    facts.received
      .filter(
        ({ text, at }) =>
          at > (sent.get(text)?.expiresAt ?? Number.POSITIVE_INFINITY) + ARRIVAL_MS + heldBackMs,
      )
      .map(({ text }) => text),
  );
  some(
    'attempted after expiry',
    facts.notifications
      .filter(({ id, key }) => {
        const until = sent.get(key)?.expiresAt ?? Number.POSITIVE_INFINITY;
        return (deliveries.get(id) ?? []).some(({ attemptedAt }) => attemptedAt.some((at) => at > until));
      })
      .map(({ key }) => key),
  );
  some(
    'received before its time',
    facts.received.filter(({ text, at }) => at < (sent.get(text)?.sendAt ?? 0)).map(({ text }) => text),
  );
  const canceled = new Set(facts.canceled.map(({ key }) => key));
  some('received although cancelled', [
    ...facts.received.filter(({ text }) => canceled.has(text)).map(({ text }) => text),
    ...facts.inbox.filter(({ key }) => canceled.has(key)).map(({ key }) => key),
  ]);
  some(
    'sent again under another idempotency key',
    [...received].filter(([, own]) => new Set(own.map(({ key }) => key)).size > 1).map(([which]) => which),
  );
  const doubled = [...received].filter(([, own]) => own.length > 1);
  const duplicated = doubled.reduce((sum, [, own]) => sum + own.length - 1, 0);
  if (duplicated > duplicatesAllowed)
    problems.push(`${duplicated} duplicates at the provider; at most ${duplicatesAllowed} were in flight`);
  const unexpected = [
    ...facts.received.filter(({ text }) => !sent.has(text)).map(({ text }) => `received ${text}`),
    ...facts.notifications.filter(({ key }) => !sent.has(key)).map(({ key }) => `stored ${key}`),
    ...facts.inbox.filter(({ key }) => !sent.has(key)).map(({ key }) => `in an inbox ${key}`),
    ...facts.received
      .filter(({ text, channel }) => sent.has(text) && !sent.get(text)?.channels.includes(channel))
      .map(({ text, channel }) => `received ${text} on ${channel}`),
  ];
  return {
    sent: facts.sent.length,
    acknowledged: facts.acknowledged.length,
    lost,
    unexpected,
    duplicated,
    problems,
    ends,
  };
}
