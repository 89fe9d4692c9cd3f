import type { InboxError } from '../browser/inbox.ts';
import type { Translator } from './texts/translator.ts';

/** What went wrong, in the reader's language. */
export function errorText({ code }: InboxError, translator: Translator): string {
  if (code === 'CONNECTION') return translator.text('errorConnection');
  if (code === 'RATE_LIMITED') return translator.text('errorRateLimited');
  return translator.text('errorOther', { code });
}
