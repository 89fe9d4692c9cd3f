/** Which channels disturb somebody: those that make a phone ring, buzz or light up. */
import type { Channel } from '../../../platform/graphql/contract-enums.ts';

/**
 * An inbox and a mailbox wait to be looked at, a webhook is a machine, and Slack keeps the hours that its users set
 * there themselves.
 */
const UNDISTURBING: ReadonlySet<Channel> = new Set(['IN_APP', 'EMAIL', 'WEBHOOK', 'SLACK']);

export const disturbs = (channel: Channel): boolean => !UNDISTURBING.has(channel);
