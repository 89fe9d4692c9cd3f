/** Codes, and how they get into messages: stored words hold a placeholder, what is sent holds the code. */
import { randomInt } from 'node:crypto';
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { MessageContent } from '../records/notification-record.ts';

/** Stands for the code wherever a message is stored or shown. Nothing in it is changed by HTML or a URL. */
export const CODE_PLACEHOLDER = '--one-time-code--';

/** So many decimal digits, each as likely as any other. */
export const newCode = (length: number): string =>
  Array.from({ length }, () => String(randomInt(10))).join('');

/** As a voice reads it, digit by digit. */
const spoken = (code: string): string => [...code].join(', ');

/** The channels on which the text is read aloud. */
const SPOKEN: ReadonlySet<Channel> = new Set(['VOICE']);

/** The words as they are sent. Pure. */
export function contentWithCode(content: MessageContent, code: string, channel: Channel): MessageContent {
  const shown = SPOKEN.has(channel) ? spoken(code) : code;
  const put = (text: string): string => text.replaceAll(CODE_PLACEHOLDER, shown);
  const { title, html, url } = content;
  return {
    ...content,
    body: put(content.body),
    ...(title !== undefined && { title: put(title) }),
    ...(html !== undefined && { html: put(html) }),
    ...(url !== undefined && { url: put(url) }),
  };
}

/** What a provider said, without the code that it may have repeated. Pure. */
export const textWithoutCode = (text: string, code: string): string =>
  text.replaceAll(spoken(code), CODE_PLACEHOLDER).replaceAll(code, CODE_PLACEHOLDER);
