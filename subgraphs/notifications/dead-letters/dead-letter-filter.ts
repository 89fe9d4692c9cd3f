/** What dead letters can be chosen by. Pure. */
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { DeadLetterRecord, DeadLetterState } from './dead-letter-record.ts';
import { type List, ofApp, ofNotification, ofWorkspace } from './list-keys.ts';

/** `DeadLetterFilter` of the graph, nulls taken out. */
export interface DeadLetterFilter {
  readonly state?: readonly DeadLetterState[];
  readonly channel?: readonly Channel[];
  readonly provider?: string;
  readonly reason?: readonly string[];
  readonly app?: string;
  readonly template?: string;
  readonly event?: string;
  readonly category?: string;
  readonly user?: string;
  readonly notification?: string;
  readonly from?: Date;
  readonly to?: Date;
}

/** The shortest list that holds all that the filter lets through. */
export function listOf(workspace: string, filter: DeadLetterFilter): List {
  if (filter.notification !== undefined) return ofNotification(filter.notification);
  if (filter.app !== undefined) return ofApp(workspace, filter.app);
  return ofWorkspace(workspace);
}

/** What the list, its states and times do not decide already; undefined when that is nothing. */
export function restOf(
  workspace: string,
  filter: DeadLetterFilter,
): ((letter: DeadLetterRecord) => boolean) | undefined {
  const { channel, reason, notification } = filter;
  const tests: ((letter: DeadLetterRecord) => boolean)[] = [];
  if (channel) tests.push((letter) => channel.includes(letter.channel));
  if (reason) tests.push((letter) => reason.includes(letter.reason));
  for (const name of ['provider', 'template', 'event', 'category', 'user'] as const) {
    const wanted = filter[name];
    if (wanted !== undefined) tests.push((letter) => letter[name] === wanted);
  }
  // The list of a notification knows neither its workspace nor its app.
  if (notification !== undefined)
    tests.push(
      (letter) => letter.workspace === workspace && (filter.app === undefined || letter.app === filter.app),
    );
  return tests.length === 0 ? undefined : (letter) => tests.every((test) => test(letter));
}
