/**
 * Plans a replay: its recipients are deliveries of the original notification. The people are asked again (who has
 * opted out, left, or signed a browser off since then gets nothing); the words stay, unless they were edited or
 * never came about.
 */
import type { Channel } from '../../platform/graphql/contract-enums.ts';
import type {
  DeliveryRecord,
  NotificationRecord,
  Outbox,
  PlannedDelivery,
} from '../../subgraphs/notifications/index.ts';
import type { CompiledTemplate } from '../../subgraphs/templates/index.ts';
import type { Recipient } from '../../subgraphs/users/index.ts';
import type { PageOfRecipients } from './pages.ts';
import { isAllowed, type Planned } from './plan.ts';
import { deviceOf, inWords } from './words.ts';

/** Deliveries of a replay on one page. */
export const RESEND_PAGE = 500;

/** The page of a replay that `planCursor` points at: it is the number of deliveries that are planned already. */
export async function nextResendPage(
  record: Pick<NotificationRecord, 'resend' | 'planCursor'>,
  outbox: Pick<Outbox, 'originals'>,
): Promise<PageOfRecipients> {
  const ids = record.resend?.deliveries ?? [];
  const from = Number(record.planCursor ?? 0);
  const originals = await outbox.originals(ids.slice(from, from + RESEND_PAGE));
  return {
    users: [...new Set(originals.flatMap((d) => d.user ?? []))],
    addresses: [],
    originals,
    ...(from + RESEND_PAGE < ids.length && { nextCursor: String(from + RESEND_PAGE) }),
  };
}

/** Whether a replay puts this delivery into words, so that its template is needed. Pure. */
export const needsWords = (record: Pick<NotificationRecord, 'resend'>, original: DeliveryRecord): boolean =>
  record.resend?.anew === true || original.content === undefined;

/** Pure. @param templates by id: those whose words are needed. @param people by user id; who is not there is gone. */
export function planResend(
  record: NotificationRecord,
  originals: readonly DeliveryRecord[],
  templates: ReadonlyMap<string, CompiledTemplate>,
  people: ReadonlyMap<string, Recipient>,
  configured: ReadonlySet<Channel>,
): PlannedDelivery[] {
  return originals.map((original) => {
    const template = templates.get(templateOf(record, original) ?? '');
    const recipient = original.user === undefined ? undefined : people.get(original.user);
    const planned = decide(record, original, template, recipient, configured);
    const words =
      planned.skipReason === undefined && original.content && !needsWords(record, original)
        ? { ...withoutEndpoint(planned), content: original.content }
        : inWords(record, template, planned, recipient);
    return { ...words, ...actionOf(original) };
  });
}

/** Of an event with several messages each has its own template; edited words take the place of all. */
export const templateOf = (
  record: Pick<NotificationRecord, 'template' | 'content'>,
  original: DeliveryRecord,
): string | undefined =>
  original.action !== undefined && !record.content ? original.template : record.template;

const actionOf = ({ action, template, category }: DeliveryRecord): Pick<PlannedDelivery, 'action'> =>
  action === undefined || template === undefined
    ? {}
    : { action: { name: action, template, ...(category !== undefined && { category }) } };

function decide(
  record: NotificationRecord,
  original: DeliveryRecord,
  template: CompiledTemplate | undefined,
  recipient: Recipient | undefined,
  configured: ReadonlySet<Channel>,
): Planned {
  const { channel, user } = original;
  const address = record.resend?.address ?? original.address;
  const base = { channel, ...(user !== undefined && { user }), ...(address !== undefined && { address }) };
  if (user !== undefined) {
    if (!recipient) return { ...base, skipReason: 'NO_ADDRESS' };
    if (!record.otp && !isAllowed(recipient.preferences, record.category, channel))
      return { ...base, skipReason: 'UNSUBSCRIBED' };
  }
  if (!configured.has(channel)) return { ...base, skipReason: 'CHANNEL_NOT_CONFIGURED' };
  if (template && needsWords(record, original) && !template.channels.includes(channel))
    return { ...base, skipReason: 'NOT_ALLOWED' };
  if (channel === 'IN_APP') return base;
  const isOfDevice = channel === 'WEB_PUSH' || (original.device && record.resend?.address === undefined);
  if (!isOfDevice) return address === undefined ? { ...base, skipReason: 'NO_ADDRESS' } : base;
  const device = recipient?.devices.find((d) => d.id === original.device?.id);
  return device ? { ...base, address: device.endpoint, device } : { ...base, skipReason: 'NO_ADDRESS' };
}

const withoutEndpoint = ({ device, ...planned }: Planned): PlannedDelivery => ({
  ...planned,
  ...(device && { device: deviceOf(device) }),
});
