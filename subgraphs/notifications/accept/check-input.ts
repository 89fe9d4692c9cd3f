/** What can be said of a send's input without looking anything up. Pure. */
import { directAddressProblem } from '../../../platform/addresses/address-problem.ts';
import { badInput, HeraldError } from '../../../platform/errors/herald-error.ts';
import type { Channel, Priority } from '../../../platform/graphql/contract-enums.ts';
import { storedJsonProblem } from '../../../platform/graphql/json-problem.ts';
import { CHANNEL_LIMITS } from '../../../platform/message-size/channel-limits.ts';
import { contentSize } from '../../../platform/message-size/content-size.ts';
import { isCallerId } from '../../../platform/names/ids.ts';
import { textProblem } from '../../../platform/names/text-problem.ts';
import { type FallbackStepInput, fallbackSteps } from '../../templates/index.ts';
import type { InlineContent, NotificationOtp, RecipientEntry } from '../records/notification-record.ts';

/** `SendNotificationInput` as resolvers get it. */
export interface SendInput {
  readonly idempotencyKey?: string | null;
  readonly event?: string | null;
  readonly template?: string | null;
  readonly content?: { readonly [K in keyof InlineContent]: InlineContent[K] | null } | null;
  readonly to?: readonly { readonly [K in keyof RecipientEntry]: RecipientEntry[K] | null }[] | null;
  readonly channels?: readonly Channel[] | null;
  readonly fallback?: readonly FallbackStepInput[] | null;
  readonly data?: unknown;
  readonly priority?: Priority | null;
  readonly sendAt?: Date | null;
  readonly expiresAt?: Date | null;
  readonly category?: string | null;
  /** Of a one-time password; callers of the graph cannot give it. */
  readonly oneTime?: OneTimeSend;
}

/** What makes a send one of a one-time password. */
export interface OneTimeSend {
  readonly otp: NotificationOtp;
  readonly locale?: string;
  /** Of what its caller asked for: the send itself is made from it. */
  readonly requestHash: string;
}

export const MAX_RECIPIENTS = 1_000;
const MAX_KEY_CHARS = 200;
const MAX_CATEGORY_CHARS = 100;
const MAX_TITLE_CHARS = 1_000;
const MAX_BODY_BYTES = 64 * 1024;
const MAX_HTML_BYTES = 512 * 1024;
/** BSON dates and sane plans end here: a send further ahead is a mistake. */
const MAX_AHEAD_MS = 366 * 24 * 3600_000;

/**
 * The first thing that is wrong, or undefined.
 * @param at path of the input, for example `inputs.3`; fields are named below it.
 */
export function inputProblem(input: SendInput, at: string, now: Date): HeraldError | undefined {
  return (
    sourceProblem(input, at) ??
    recipientsProblem(input, at) ??
    fallbackProblem(input, at) ??
    timeProblem(input, at, now) ??
    contentProblem(input, at) ??
    sizeProblem(input, at) ??
    dataProblem(input, at) ??
    labelProblem(input, at)
  );
}

function sourceProblem(input: SendInput, at: string): HeraldError | undefined {
  const given = (['event', 'template', 'content'] as const).filter((name) => input[name] != null);
  if (given.length === 1) return undefined;
  return badInput(
    given.length === 0 ? at : `${at}.${given[1]}`,
    given.length === 0
      ? 'Give exactly one of event, template, content: none is there.'
      : `Give exactly one of event, template, content: ${given.join(' and ')} are there.`,
  );
}

function recipientsProblem(input: SendInput, at: string): HeraldError | undefined {
  const to = input.to ?? [];
  if (to.length === 0 && input.event == null)
    return badInput(
      `${at}.to`,
      'Give at least one recipient in `to` (only an event whose route names recipients may omit it).',
    );
  if (to.length > MAX_RECIPIENTS)
    return badInput(
      `${at}.to`,
      `At most ${MAX_RECIPIENTS} recipients in one send; there are ${to.length}. Split them, or use a group or a segment.`,
    );
  for (const [index, entry] of to.entries()) {
    const problem = entryProblem(entry, `${at}.to.${index}`);
    if (problem) return problem;
  }
  if (input.channels && input.channels.length === 0)
    return badInput(`${at}.channels`, 'Name at least one channel, or leave `channels` out for the defaults.');
  return undefined;
}

function fallbackProblem({ fallback, channels, to }: SendInput, at: string): HeraldError | undefined {
  if (fallback == null) return undefined;
  try {
    fallbackSteps(`${at}.fallback`, fallback, channels ?? []);
  } catch (error) {
    if (error instanceof HeraldError) return error;
    throw error;
  }
  const known = new Set<Channel>();
  for (const [index, { channel }] of (to ?? []).entries()) {
    if (channel == null) continue;
    if (known.has(channel))
      return badInput(
        `${at}.to.${index}`,
        `With a fallback chain the addresses are those of one person: there is one on ${channel} already. Send to others by a call of their own.`,
      );
    known.add(channel);
  }
  return undefined;
}

function entryProblem(entry: NonNullable<SendInput['to']>[number], at: string): HeraldError | undefined {
  const given = (['user', 'group', 'segment', 'address'] as const).filter((name) => entry[name] != null);
  if (given.length !== 1)
    return badInput(
      given.length === 0 ? at : `${at}.${given[1]}`,
      `Give exactly one of user, group, segment, address (with channel): ${given.length === 0 ? 'none is there' : `${given.join(' and ')} are there`}.`,
    );
  if (entry.address == null) {
    if (entry.channel != null)
      return badInput(
        `${at}.channel`,
        'A channel goes with an address only; for users, groups and segments use `channels` of the send.',
      );
    const id = (entry.user ?? entry.group ?? entry.segment) as string;
    return isCallerId(id)
      ? undefined
      : badInput(`${at}.${given[0]}`, 'An id has 1 to 200 printable characters without spaces.');
  }
  if (entry.channel == null) return badInput(`${at}.channel`, 'Say the channel of this address.');
  const problem = directAddressProblem(entry.channel, entry.address);
  if (problem === undefined) return undefined;
  return badInput(entry.channel === 'WEB_PUSH' ? `${at}.channel` : `${at}.address`, problem);
}

function timeProblem(input: SendInput, at: string, now: Date): HeraldError | undefined {
  const { sendAt, expiresAt } = input;
  if (sendAt && sendAt.getTime() > now.getTime() + MAX_AHEAD_MS)
    return badInput(`${at}.sendAt`, 'Must be at most 366 days ahead.');
  if (!expiresAt) return undefined;
  if (expiresAt.getTime() <= now.getTime())
    return badInput(`${at}.expiresAt`, `Must be in the future; it is now ${now.toISOString()}.`);
  if (sendAt && expiresAt.getTime() <= sendAt.getTime())
    return badInput(`${at}.expiresAt`, 'Must be after sendAt.');
  return undefined;
}

export function contentProblem(input: Pick<SendInput, 'content'>, at: string): HeraldError | undefined {
  const { content } = input;
  if (!content) return undefined;
  if (typeof content.body !== 'string' || content.body.trim() === '')
    return badInput(`${at}.content.body`, 'Must not be empty.');
  if (Buffer.byteLength(content.body) > MAX_BODY_BYTES)
    return badInput(`${at}.content.body`, 'Must be at most 64 KiB.');
  if (content.html && Buffer.byteLength(content.html) > MAX_HTML_BYTES)
    return badInput(`${at}.content.html`, 'Must be at most 512 KiB.');
  if (content.title && content.title.length > MAX_TITLE_CHARS)
    return badInput(`${at}.content.title`, `Must be at most ${MAX_TITLE_CHARS} characters.`);
  for (const name of ['title', 'body', 'html'] as const) {
    const wrong = textProblem(content[name] ?? '');
    if (wrong !== undefined) return badInput(`${at}.content.${name}`, wrong);
  }
  for (const name of ['url', 'imageUrl'] as const) {
    const url = content[name];
    if (url != null && !isLink(url))
      return badInput(`${at}.content.${name}`, 'Must be an http(s) URL, or a path that starts with /.');
  }
  const problem = storedJsonProblem(content.data);
  return problem === undefined ? undefined : badInput(`${at}.content.data`, problem);
}

/** Words that one of the channels asked for by name could never carry. */
function sizeProblem(
  { content, channels, fallback, to }: Pick<SendInput, 'content' | 'channels' | 'fallback' | 'to'>,
  at: string,
): HeraldError | undefined {
  if (!content) return undefined;
  const { title, url } = content;
  // contentProblem has seen that there is one.
  const body = content.body ?? '';
  const asked = new Set([
    ...(channels ?? []),
    ...(fallback ?? []).flatMap((step) => step.channels),
    ...(to ?? []).flatMap((entry) => entry.channel ?? []),
  ]);
  for (const channel of asked) {
    // Counting costs as much as the text is long: not for channels that take any.
    if (!CHANNEL_LIMITS[channel]) continue;
    const { characters, bytes, limit, fits } = contentSize({
      channel,
      body,
      ...(title != null && { title }),
      ...(url != null && { url }),
    });
    if (fits || !limit) continue;
    const [count, unit] = limit.unit === 'BYTES' ? [bytes, 'bytes'] : [characters, 'characters'];
    return badInput(
      `${at}.content.body`,
      `Title, body and url have ${count} ${unit}; ${channel} takes at most ${limit.most}. Make them shorter, or leave ${channel} out.`,
    );
  }
  return undefined;
}

/**
 * Links are opened by browsers: `javascript:` and the like must not get in. A path stays on its site: browsers
 * take `\` for `/`, and leave out tabs and line breaks, so that `/\x` and a tab between two slashes lead away.
 */
const isLink = (url: string): boolean =>
  /^\/(?![/\\])[^\p{Cc}]*$/u.test(url) || (/^https?:\/\//i.test(url) && URL.canParse(url));

export function dataProblem(input: Pick<SendInput, 'data'>, at: string): HeraldError | undefined {
  if (input.data == null) return undefined;
  if (typeof input.data !== 'object' || Array.isArray(input.data))
    return badInput(`${at}.data`, 'Must be an object: the variables by name.');
  const problem = storedJsonProblem(input.data);
  return problem === undefined ? undefined : badInput(`${at}.data`, problem);
}

function labelProblem(input: SendInput, at: string): HeraldError | undefined {
  const { idempotencyKey, category, event } = input;
  if (idempotencyKey != null && (idempotencyKey === '' || idempotencyKey.length > MAX_KEY_CHARS))
    return badInput(`${at}.idempotencyKey`, `Must have 1 to ${MAX_KEY_CHARS} characters.`);
  // Half of a surrogate pair would be stored as another key.
  if (idempotencyKey != null && !idempotencyKey.isWellFormed())
    return badInput(`${at}.idempotencyKey`, 'Must be well-formed Unicode.');
  // As preferences have it: nobody could opt out of another one.
  if (category != null && (!isCallerId(category) || category.length > MAX_CATEGORY_CHARS))
    return badInput(
      `${at}.category`,
      `Must have 1 to ${MAX_CATEGORY_CHARS} printable characters without spaces, for example "billing".`,
    );
  if (event != null && !isCallerId(event))
    return badInput(`${at}.event`, 'Must have 1 to 200 printable characters without spaces.');
  return undefined;
}
