/** `herald dead-letters` and `herald replay`. */
import type { Settings } from '../../platform/config/settings.ts';
import { CHANNELS } from '../../platform/graphql/contract-enums.ts';
import { type ConnectionFlags, connect } from '../connection/find-herald.ts';
import type { CommandContext } from '../context.ts';
import type { DeadLetterFilter, DeadLettersQuery, ReplayMutation } from '../generated/operations.ts';
import { oneOf } from '../send/send-input.ts';
import { plainText } from '../terminal/plain-text.ts';
import { type Style, style, wantsColours } from '../terminal/style.ts';
import { DEAD_LETTERS, REPLAY } from './operations.ts';

export interface DeadLettersFlags extends ConnectionFlags {
  readonly state?: readonly string[];
  readonly channel?: readonly string[];
  readonly reason?: readonly string[];
  readonly app?: string;
  readonly notification?: string;
  readonly limit?: number;
  readonly json?: boolean;
}
export type ListedDeadLetter = DeadLettersQuery['deadLetters']['nodes'][number];

const STATES = ['OPEN', 'REPLAYED', 'DISCARDED', 'SUPERSEDED'] as const;
const USUAL_LIMIT = 25;
const PAGE = 100;

/** Newest first; the open ones unless others are asked for. @throws CommandFailure, HeraldRequestError, HeraldConnectionError. */
export async function listDeadLetters(
  flags: DeadLettersFlags,
  settings: Settings,
  { env, stdout }: CommandContext,
): Promise<void> {
  const filter: DeadLetterFilter = {
    state: (flags.state ?? ['OPEN']).map((name) => oneOf('--state', name, STATES)),
    ...(flags.channel && { channel: flags.channel.map((name) => oneOf('--channel', name, CHANNELS)) }),
    ...(flags.reason && { reason: [...flags.reason] }),
    ...(flags.app !== undefined && { app: flags.app }),
    ...(flags.notification !== undefined && { notification: flags.notification }),
  };
  const client = await connect(flags, settings);
  const colours = style(wantsColours(stdout, env));
  let left = flags.limit ?? USUAL_LIMIT;
  let after: string | null = null;
  do {
    const { deadLetters }: DeadLettersQuery = await client.request<DeadLettersQuery>(DEAD_LETTERS, {
      filter,
      first: Math.min(left, PAGE),
      after,
    });
    for (const letter of deadLetters.nodes)
      stdout.write(`${flags.json ? JSON.stringify(letter) : deadLetterLine(letter, colours)}\n`);
    left -= deadLetters.nodes.length;
    after = deadLetters.pageInfo.hasNextPage ? deadLetters.pageInfo.endCursor : null;
  } while (after !== null && left > 0);
}

/** A dead letter as one line. */
export function deadLetterLine(letter: ListedDeadLetter, colours: Style): string {
  const { state, channel, reason, lastError, attempts, failedAt } = letter;
  const whom = letter.user?.id ?? letter.delivery.address ?? 'nobody';
  const why = [reason, lastError].filter((text) => text !== null).join(': ');
  const outcome = [letter.replay?.id, letter.resolvedBy && `by ${letter.resolvedBy}`, letter.resolvedReason]
    .filter((text) => text !== undefined && text !== null)
    .join(' ');
  const colour = state === 'OPEN' ? colours.red : state === 'REPLAYED' ? colours.green : colours.yellow;
  const parts = [
    colours.dim(failedAt),
    colour(state.padEnd(10)),
    channel.padEnd(11),
    plainText(whom),
    `${attempts}×`,
    plainText(why),
    plainText(outcome),
    colours.dim(letter.notification.id),
  ];
  return parts.filter((part) => part !== '').join(' ');
}

/** Sends what failed of a notification again, or the named deliveries. @throws as `listDeadLetters`. */
export async function replay(
  id: string,
  flags: ConnectionFlags & { readonly delivery?: readonly string[]; readonly json?: boolean },
  settings: Settings,
  { stdout }: CommandContext,
): Promise<void> {
  const client = await connect(flags, settings);
  const { replayNotification } = await client.request<ReplayMutation>(REPLAY, {
    id,
    ...(flags.delivery && { deliveries: flags.delivery }),
  });
  stdout.write(
    flags.json
      ? `${JSON.stringify(replayNotification)}\n`
      : `${replayNotification.id} ${replayNotification.state} (sends ${plainText(id)} again)\n`,
  );
}
