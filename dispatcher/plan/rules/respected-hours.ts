/** Which quiet hours a delivery respects. Pure. */
import type { Channel, Priority } from '../../../platform/graphql/contract-enums.ts';
import type { QuietHoursRule, RespectedHours } from '../../../subgraphs/notifications/index.ts';
import type { Recipient } from '../../../subgraphs/users/index.ts';
import { disturbs } from './disturbing.ts';

/** What decides it besides the recipient. */
export interface Disturbance {
  readonly channel: Channel;
  readonly priority: Priority;
  /** Of the route; HOLD without. */
  readonly rule: QuietHoursRule | undefined;
}

/** Those of its recipient as they are now, unless it is urgent, its channel disturbs nobody, or the route ignores them. */
export function respectedHours(
  recipient: Pick<Recipient, 'quietHours' | 'timezone'> | undefined,
  { channel, priority, rule = 'HOLD' }: Disturbance,
): RespectedHours | undefined {
  if (!recipient?.quietHours || priority === 'HIGH' || rule === 'IGNORE' || !disturbs(channel))
    return undefined;
  const timezone = recipient.quietHours.timezone ?? recipient.timezone;
  return {
    ...recipient.quietHours,
    ...(timezone !== undefined && { timezone }),
    ...(rule === 'SKIP' && { skip: true as const }),
  };
}
