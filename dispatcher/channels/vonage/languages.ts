/** Vonage's languages (https://developer.vonage.com/en/voice/voice-api/concepts/text-to-speech#supported-languages). */

/** Those whose name there is the usual one. The first of a language reads those of regions that are not here. */
const USUAL = [
  'en-US en-GB en-AU en-IE en-IN en-NZ en-ZA af-ZA bg-BG bn-IN ca-ES cs-CZ cy-GB da-DK de-DE de-AT el-GR es-ES es-MX',
  'es-US es-CO eu-ES fi-FI fil-PH fr-FR fr-CA gl-ES gu-IN he-IL hi-IN hu-HU id-ID is-IS it-IT ja-JP kn-IN ko-KR lv-LV',
  'ml-IN ms-MY nb-NO nl-NL nl-BE pa-IN pl-PL pt-BR pt-PT ro-RO ru-RU sk-SK sr-RS sv-SE ta-IN te-IN th-TH tr-TR uk-UA',
  'vi-VN',
].flatMap((line) => line.split(' '));

/** By language and region. */
export const VONAGE_LANGUAGES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(USUAL.map((tag) => [tag, tag])),
  'ar-EG': 'ar',
  'zh-CN': 'cmn-CN',
  'zh-TW': 'cmn-TW',
  'zh-HK': 'yue-CN',
  'yue-HK': 'yue-CN',
};
