/**
 * What SES tells through SNS of an e-mail: as notifications of an identity, or as events of a configuration set.
 * https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html
 * https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
 */
import { z } from 'zod';
import type { ParsedReceipts, RawReceipt, Receipt } from '../contract.ts';
import { undelivered } from '../network/undelivered.ts';
import { jsonOf } from '../network/vendor-http.ts';
import { DELIVERY_TAG } from './send-email-input.ts';
import { type FetchText, type SnsMessage, type SnsVerifier, snsMessage, snsUrl } from './sns-message.ts';

const recipients = z.array(z.object({ emailAddress: z.string().max(400), status: z.string().optional() }));
const time = z.string().optional();

const sesEvent = z.object({
  /** One of the two. */
  notificationType: z.string().optional(),
  eventType: z.string().optional(),
  mail: z.object({
    messageId: z.string().min(1).max(200),
    destination: z.array(z.string().max(400)).default([]),
    timestamp: time,
    tags: z
      .record(z.string(), z.array(z.string().max(300)))
      .optional()
      .catch(undefined),
  }),
  bounce: z
    .object({ bounceType: z.string(), bouncedRecipients: recipients.default([]), timestamp: time })
    .optional(),
  complaint: z
    .object({
      complainedRecipients: recipients.default([]),
      complaintFeedbackType: z.string().nullish(),
      complaintSubType: z.string().nullish(),
      timestamp: time,
    })
    .optional(),
  delivery: z.object({ recipients: z.array(z.string().max(400)).default([]), timestamp: time }).optional(),
  deliveryDelay: z.object({ delayedRecipients: recipients.default([]), timestamp: time }).optional(),
  open: z.object({ timestamp: time }).optional(),
  click: z.object({ timestamp: time }).optional(),
  subscription: z
    .object({
      newTopicPreferences: z.object({ unsubscribeAll: z.boolean().optional() }).optional(),
      timestamp: time,
    })
    .optional(),
});
type SesEvent = z.output<typeof sesEvent>;

/** Says "again, later" to SNS. */
const LATER: ParsedReceipts = { kind: 'receipts', receipts: [], answer: { status: 503 } };

export interface ReceiptReader {
  readonly verifier: SnsVerifier;
  readonly fetchText: FetchText;
  /**
   * The topics that are ours. Everybody with an AWS account has topics whose messages SNS signs just as well, so the
   * signature alone proves nothing.
   */
  readonly topicArns: readonly string[];
}

export async function parseSesReceipts(
  raw: RawReceipt,
  signal: AbortSignal,
  { verifier, fetchText, topicArns }: ReceiptReader,
): Promise<ParsedReceipts> {
  const message = jsonOf(raw.body.toString('utf8'), snsMessage);
  if (!message) return { kind: 'malformed', message: 'The body is no message of Amazon SNS.' };
  if (!topicArns.includes(message.TopicArn))
    return { kind: 'unauthorized', message: "The topic is none of the account's topicArns." };
  const verdict = await verifier.verify(message, signal);
  if (verdict === 'unknown') return LATER;
  if (verdict === 'forged')
    return { kind: 'unauthorized', message: 'The signature is not that of Amazon SNS.' };
  if (message.Type === 'SubscriptionConfirmation') return confirm(message, signal, fetchText);
  if (message.Type === 'UnsubscribeConfirmation') return { kind: 'receipts', receipts: [] };
  const event = jsonOf(message.Message, sesEvent);
  // Besides events there are texts, such as the one when an identity's notifications are switched on.
  return { kind: 'receipts', receipts: event ? receiptsOf(event, message.MessageId) : [] };
}

/** https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html */
async function confirm(
  message: SnsMessage,
  signal: AbortSignal,
  fetchText: FetchText,
): Promise<ParsedReceipts> {
  const url = snsUrl(message.SubscribeURL ?? '');
  if (url?.searchParams.get('Action') !== 'ConfirmSubscription')
    return { kind: 'malformed', message: 'The SubscribeURL is none of Amazon SNS.' };
  return (await fetchText(url, signal)) === undefined ? LATER : { kind: 'receipts', receipts: [] };
}

interface Told {
  readonly address: string | undefined;
  readonly kind: Receipt['kind'];
  readonly at: string | undefined;
  readonly message?: string | undefined;
  /** SES did not try. */
  readonly unsent?: boolean;
}

/** One for each recipient that the event names. SNS repeats a message with the same MessageId. */
function receiptsOf(event: SesEvent, messageId: string): readonly Receipt[] {
  const delivery = event.mail.tags?.[DELIVERY_TAG]?.[0];
  return toldOf(event).flatMap(({ address, kind, at, message, unsent }, index) => {
    const receipt: Receipt = {
      key: `${messageId}:${index}`,
      kind,
      providerMessageId: event.mail.messageId,
      ...(delivery !== undefined && { delivery }),
      ...(address !== undefined && { address: plainAddress(address) }),
      ...dateOf(at ?? event.mail.timestamp),
      ...(message !== undefined && { message }),
    };
    return unsent ? undelivered(receipt) : [receipt];
  });
}

function toldOf(event: SesEvent): readonly Told[] {
  const { bounce, complaint, delivery, deliveryDelay, mail } = event;
  const whole = (kind: Receipt['kind'], at: string | undefined, message?: string): readonly Told[] => [
    { address: mail.destination[0], kind, at, message },
  ];
  switch (event.eventType ?? event.notificationType) {
    case 'Bounce':
      return (bounce?.bouncedRecipients ?? []).map(({ emailAddress, status }) => ({
        address: emailAddress,
        // `Transient`: the mailbox is full, the e-mail too large …; `Undetermined`: nobody knows.
        kind: bounce?.bounceType === 'Permanent' ? 'bounced' : 'failed',
        at: bounce?.timestamp,
        message: `The receiving server refused it${statusOf(status)}.`,
      }));
    case 'Complaint':
      // A person who took it out of the spam folder.
      if (complaint?.complaintFeedbackType === 'not-spam') return [];
      return (complaint?.complainedRecipients ?? []).map(({ emailAddress }) => ({
        address: emailAddress,
        kind: 'complained',
        at: complaint?.timestamp,
        // "SES accepted the message, but didn't attempt to send it" (…/APIReference-V2/API_Complaint.html).
        ...(complaint?.complaintSubType === 'OnAccountSuppressionList' && {
          unsent: true,
          message: "Amazon SES did not send it: the address is on the account's suppression list.",
        }),
      }));
    case 'Delivery':
      return (delivery?.recipients ?? []).map((address) => ({
        address,
        kind: 'delivered',
        at: delivery?.timestamp,
      }));
    case 'DeliveryDelay':
      return (deliveryDelay?.delayedRecipients ?? []).map(({ emailAddress, status }) => ({
        address: emailAddress,
        kind: 'deferred',
        at: deliveryDelay?.timestamp,
        message: `The receiving server did not take it yet${statusOf(status)}.`,
      }));
    case 'Open':
      return whole('opened', event.open?.timestamp);
    case 'Click':
      return whole('clicked', event.click?.timestamp);
    case 'Reject':
      return whole('failed', undefined, 'Amazon SES found a virus in it.');
    case 'Rendering Failure':
      return whole('failed', undefined, 'Amazon SES could not fill its template.');
    case 'Subscription':
      return event.subscription?.newTopicPreferences?.unsubscribeAll
        ? whole('unsubscribed', event.subscription.timestamp)
        : [];
    default:
      // `Send`, and what SES may add.
      return [];
  }
}

const statusOf = (status: string | undefined): string =>
  status !== undefined && /^\d\.\d{1,3}\.\d{1,3}$/.test(status) ? ` (${status})` : '';

/** Recipients may come as they stood in the header: `Name <address>`. */
const plainAddress = (text: string): string => /<([^<>]+)>\s*$/.exec(text)?.[1] ?? text;

function dateOf(text: string | undefined): { readonly at?: Date } {
  const at = new Date(text ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? {} : { at };
}
