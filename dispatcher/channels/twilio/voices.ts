/**
 * Who reads which language at Twilio: voices that need no further agreement and cost least, of
 * https://www.twilio.com/docs/voice/twiml/say/text-speech#available-voices-and-languages.
 */
export interface TwilioVoice {
  readonly voice?: string;
  /** As the vendor names it. */
  readonly language?: string;
}

const polly = (name: string, language: string): TwilioVoice => ({ voice: `Polly.${name}`, language });
const google = (language: string): TwilioVoice => ({ voice: `Google.${language}-Standard-A`, language });

/** By language and region; the first of a language reads those of regions that are not here. */
export const TWILIO_VOICES: Readonly<Record<string, TwilioVoice>> = {
  'en-US': polly('Joanna', 'en-US'),
  'en-GB': polly('Amy', 'en-GB'),
  'en-AU': polly('Nicole', 'en-AU'),
  'en-IN': polly('Raveena', 'en-IN'),
  'ar-EG': polly('Zeina', 'arb'),
  'cy-GB': polly('Gwyneth', 'cy-GB'),
  'da-DK': polly('Naja', 'da-DK'),
  'de-DE': polly('Vicki', 'de-DE'),
  'es-ES': polly('Lucia', 'es-ES'),
  'es-MX': polly('Mia', 'es-MX'),
  'es-US': polly('Lupe', 'es-US'),
  'fr-FR': polly('Lea', 'fr-FR'),
  'fr-CA': polly('Chantal', 'fr-CA'),
  'hi-IN': polly('Aditi', 'hi-IN'),
  'is-IS': polly('Dora', 'is-IS'),
  'it-IT': polly('Bianca', 'it-IT'),
  'ja-JP': polly('Mizuki', 'ja-JP'),
  'ko-KR': polly('Seoyeon', 'ko-KR'),
  'nb-NO': polly('Liv', 'nb-NO'),
  'nl-NL': polly('Lotte', 'nl-NL'),
  'pl-PL': polly('Maja', 'pl-PL'),
  'pt-BR': polly('Camila', 'pt-BR'),
  'pt-PT': polly('Ines', 'pt-PT'),
  'ro-RO': polly('Carmen', 'ro-RO'),
  'ru-RU': polly('Tatyana', 'ru-RU'),
  'sv-SE': polly('Astrid', 'sv-SE'),
  'tr-TR': polly('Filiz', 'tr-TR'),
  'zh-CN': polly('Zhiyu', 'cmn-CN'),
  'zh-TW': google('cmn-TW'),
  'zh-HK': google('yue-HK'),
  'yue-HK': google('yue-HK'),
  'af-ZA': google('af-ZA'),
  'bg-BG': google('bg-BG'),
  'bn-IN': google('bn-IN'),
  'ca-ES': google('ca-ES'),
  'cs-CZ': google('cs-CZ'),
  'el-GR': google('el-GR'),
  'eu-ES': google('eu-ES'),
  'fi-FI': google('fi-FI'),
  'fil-PH': google('fil-PH'),
  'gl-ES': google('gl-ES'),
  'gu-IN': google('gu-IN'),
  'he-IL': google('he-IL'),
  'hu-HU': google('hu-HU'),
  'id-ID': google('id-ID'),
  'kn-IN': google('kn-IN'),
  'ta-IN': google('ta-IN'),
  'te-IN': google('te-IN'),
  'th-TH': google('th-TH'),
  'uk-UA': google('uk-UA'),
  'vi-VN': google('vi-VN'),
};
