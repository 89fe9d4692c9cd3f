/** What an answer of the Cloud API means. */
import { z } from 'zod';
import type { SendOutcome } from '../contract.ts';
import { jsonOf, notUnderstood, outcomeOfStatus, type VendorAnswer } from '../network/vendor-http.ts';
import { outcomeOfCode } from './error-codes.ts';

const NAME = 'WhatsApp';

/** https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages */
const accepted = z.object({ messages: z.array(z.object({ id: z.string().min(1).max(1_000) })).min(1) });
/** Of a phone number, for `health`. */
const phoneNumber = z.object({ id: z.string() });
const refused = z.object({ error: z.object({ code: z.int() }) });

export function classifyWhatsappAnswer(answer: VendorAnswer): SendOutcome {
  const { status, text, retryAfterMs } = answer;
  if (status >= 200 && status < 300) {
    const [first] = jsonOf(text, accepted)?.messages ?? [];
    return first ? { kind: 'accepted', providerMessageId: first.id } : notUnderstood(NAME, status);
  }
  return classifyWhatsappRefusal(answer, retryAfterMs);
}

/** Of a request for the phone number. */
export const classifyWhatsappHealth = (answer: VendorAnswer): SendOutcome =>
  answer.status === 200 && jsonOf(answer.text, phoneNumber)
    ? { kind: 'accepted' }
    : classifyWhatsappRefusal(answer, answer.retryAfterMs);

function classifyWhatsappRefusal(answer: VendorAnswer, retryAfterMs: number | undefined): SendOutcome {
  const code = jsonOf(answer.text, refused)?.error.code;
  if (code === undefined) return outcomeOfStatus(NAME, answer);
  return outcomeOfCode(code, retryAfterMs) ?? outcomeOfStatus(NAME, answer, `error ${code}`);
}
