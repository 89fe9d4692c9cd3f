/** What is said where no template is named, by language. */
import type { Channel } from '../../../platform/graphql/contract-enums.ts';
import type { InlineContent } from '../records/notification-record.ts';
import { CODE_PLACEHOLDER } from './code.ts';

interface Words {
  readonly title: string;
  /** @param validity for example "5 minutes". */
  body(code: string, purpose: string, validity: string): string;
}

const WORDS: Readonly<Record<string, Words>> = {
  en: {
    title: 'Your code',
    body: (code, purpose, validity) =>
      `${code} is your code for ${purpose}. It is valid for ${validity}. Do not share it with anyone.`,
  },
  zh: {
    title: '您的验证码',
    body: (code, purpose, validity) =>
      `您的验证码是 ${code}，用于 ${purpose}，${validity}内有效。请勿告诉任何人。`,
  },
  ar: {
    title: 'رمز التحقق',
    body: (code, purpose, validity) =>
      `رمز التحقق الخاص بك هو ${code} (${purpose}). صلاحيته ${validity}. لا تشاركه مع أي شخص.`,
  },
  de: {
    title: 'Ihr Code',
    body: (code, purpose, validity) =>
      `${code} ist Ihr Code für ${purpose}. Er gilt ${validity}. Geben Sie ihn niemandem weiter.`,
  },
  es: {
    title: 'Tu código',
    body: (code, purpose, validity) =>
      `${code} es tu código para ${purpose}. Es válido durante ${validity}. No lo compartas con nadie.`,
  },
  fr: {
    title: 'Votre code',
    body: (code, purpose, validity) =>
      `${code} est votre code pour ${purpose}. Il est valable ${validity}. Ne le communiquez à personne.`,
  },
};
const DEFAULT_LANGUAGE = 'en';

/** The languages that there are words in. */
export const BUILT_IN_LANGUAGES: readonly string[] = Object.keys(WORDS);

const languageOf = (locale: string): string => locale.split(/[-_]/)[0]?.toLowerCase() ?? '';

/** The language that is spoken to who wants `locale`: that, or English where there are no words in it. Pure. */
export const spokenLocale = (locale: string | undefined): string =>
  locale !== undefined && Object.hasOwn(WORDS, languageOf(locale)) ? locale : DEFAULT_LANGUAGE;

/** By the language alone of a locale. Pure. */
export function builtInText(locale: string | undefined, purpose: string, ttlMinutes: number): InlineContent {
  const language = languageOf(spokenLocale(locale));
  const words = WORDS[language] as Words;
  const validity = new Intl.NumberFormat(`${language}-u-nu-latn`, {
    style: 'unit',
    unit: 'minute',
    unitDisplay: 'long',
  }).format(ttlMinutes);
  return { title: words.title, body: words.body(CODE_PLACEHOLDER, purpose, validity) };
}

/** Of what is short, or read aloud, each word counts, and the title says nothing more. */
const UNTITLED: ReadonlySet<Channel> = new Set(['SMS', 'VOICE']);

/** Whether the built-in text has its title on a channel. */
export const hasTitle = (channel: Channel): boolean => !UNTITLED.has(channel);
