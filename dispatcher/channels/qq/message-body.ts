/** A message as the QQ bot API takes it. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { OutgoingMessage } from '../contract.ts';
import { plainText } from '../network/plain-text.ts';

/** What `data.qq` takes. */
export const qqPart = z.object({
  /** Takes the place of title and body, in QQ's Markdown. */
  markdown: z.string().min(1).optional(),
  /** The message, or the event, that this one answers: QQ takes answers where it takes no other messages. */
  msgId: z.string().min(1).optional(),
  eventId: z.string().min(1).optional(),
});
export type QqPart = z.output<typeof qqPart>;

/** Where a message goes. */
export interface QqTarget {
  readonly scene: 'user' | 'group' | 'channel' | 'dm';
  readonly id: string;
  /** Of the API, without the part for messages or files. */
  readonly path: string;
}

const PATHS: Readonly<Record<QqTarget['scene'], string>> = {
  user: '/v2/users',
  group: '/v2/groups',
  channel: '/channels',
  dm: '/dms',
};

/** `group:<openid>`, `channel:<id>`, `dm:<guild id>`, `user:<openid>` or a user's openid alone. */
export function parseQqAddress(address: string): QqTarget | undefined {
  const { scene = 'user', id } =
    address.match(/^(?:(?<scene>user|group|channel|dm):)?(?<id>[\w-]{1,128})$/)?.groups ?? {};
  if (id === undefined || !isScene(scene)) return undefined;
  return { scene, id, path: `${PATHS[scene]}/${id}` };
}
const isScene = (scene: string): scene is QqTarget['scene'] => Object.hasOwn(PATHS, scene);

/** Users and groups have pictures uploaded first. */
export const takesUploads = ({ scene }: QqTarget): boolean => scene === 'user' || scene === 'group';

/**
 * The body of the request.
 * https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/send-receive/send.html and …/message/post_messages.html
 * @param picture of an upload, for users and groups.
 */
export function qqRequest(
  message: Pick<OutgoingMessage, 'title' | 'body' | 'url' | 'imageUrl'>,
  target: QqTarget,
  idempotencyKey: string,
  part: QqPart | undefined,
  picture?: string,
): object {
  const answering = {
    ...(part?.msgId !== undefined && { msg_id: part.msgId }),
    ...(part?.eventId !== undefined && { event_id: part.eventId }),
  };
  const markdown = part?.markdown !== undefined && { markdown: { content: part.markdown } };
  const text = plainText(message);
  if (!takesUploads(target)) {
    if (markdown) return { ...markdown, ...answering };
    const { imageUrl: image } = message;
    return { content: escapeContent(text), ...(image !== undefined && { image }), ...answering };
  }
  // Of answers to one message, QQ drops the second with the same number.
  const numbered = { ...answering, ...(part?.msgId !== undefined && { msg_seq: numberOf(idempotencyKey) }) };
  if (markdown) return { msg_type: 2, ...markdown, ...numbered };
  const content = breakTags(text);
  // A picture's text must not be empty.
  return picture === undefined
    ? { msg_type: 0, content, ...numbered }
    : { msg_type: 7, content: content || ' ', media: { file_info: picture }, ...numbered };
}

/** Channels: https://bot.q.qq.com/wiki/develop/api-v2/server-inter/message/message_format.html */
const escapeContent = (text: string): string =>
  text
    .replace(/[&<>]/g, (char) => (char === '&' ? '&amp;' : char === '<' ? '&lt;' : '&gt;'))
    .replaceAll('@everyone', '@\u200beveryone');

/** Users and groups have no escape: an invisible space keeps a mention or a command from being one. */
const breakTags = (text: string): string => text.replace(/<(?=@|qqbot-)/g, '<\u200b');

const numberOf = (key: string): number =>
  createHash('sha256').update(key).digest().readUInt32BE() % 2_147_483_647;
