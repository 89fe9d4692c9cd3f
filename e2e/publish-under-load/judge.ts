/** Whether messages that were sent while something was published are as they have to be. */

/** Parts of a message as it was sent, each of which names its version: `body-7.` */
const PARTS = ['title', 'body', 'partial', 'html', 'partial', 'route'];
const MARK = /(title|body|html|partial|route)-(\d+)\./g;

/** When the publish of a version was answered. By the clock of `Message.sentAt`, in ms. */
export interface Publish {
  readonly version: number;
  readonly answeredAt: number;
}
export interface Message {
  /** When its request began. */
  readonly sentAt: number;
  /** All that was sent to the provider, and what the route said of it. */
  readonly text: string;
}
export interface Judgement {
  /** What is wrong, a sentence each. */
  readonly wrong: readonly string[];
  readonly versions: ReadonlySet<number>;
  /** Messages of a version that had been replaced by the time they were sent, as may be for `inForceMs`. */
  readonly late: number;
}

/**
 * Each message has all its parts of one version, and not of an older one than was published `inForceMs` before its
 * request began. How slow the machine is makes no difference: nothing that takes longer makes a request begin earlier.
 * @param publishes in order of time; the first one was there before all messages.
 */
export function judge(
  messages: readonly Message[],
  publishes: readonly Publish[],
  inForceMs: number,
): Judgement {
  const wrong: string[] = [];
  const versions = new Set<number>();
  let late = 0;
  for (const { sentAt, text } of messages) {
    const marks = [...text.matchAll(MARK)];
    const named = new Set(marks.map(([, , version]) => Number(version)));
    const [version = 0] = named;
    if (named.size !== 1 || marks.map(([, part]) => part).join() !== PARTS.join()) {
      wrong.push(`not wholly of one version: ${text}`);
      continue;
    }
    versions.add(version);
    const newestAnswered = (before: number) =>
      publishes.findLast(({ answeredAt }) => answeredAt < before)?.version ?? 0;
    const atLeast = newestAnswered(sentAt - inForceMs);
    if (version < atLeast) wrong.push(`version ${version} where ${atLeast} was in force: ${text}`);
    else if (version < newestAnswered(sentAt)) late++;
  }
  return { wrong, versions, late };
}
