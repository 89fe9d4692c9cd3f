/** What is asked of a delivery that is to be attempted long after it was planned. */
import type { SkipReason } from '../../../platform/graphql/contract-enums.ts';
import type { DeliveryRecord, RespectedHours } from '../records/delivery-record.ts';
import type { QuietHoursRule } from '../records/notification-record.ts';

export interface LateDelivery {
  readonly delivery: DeliveryRecord;
  /** Its own, else its notification's. */
  readonly category?: string;
  /** Of its notification's route. */
  readonly quietHours?: QuietHoursRule;
}

/** What is said of it now. */
export interface SecondLook {
  /** Why it is not to be attempted any more. */
  readonly skip?: SkipReason;
  /** The recipient's quiet hours as they are now. */
  readonly quiet?: RespectedHours;
}

/** One answer for each, in order. @throws what the users' store throws. */
export type LookAgain = (late: readonly LateDelivery[]) => Promise<readonly SecondLook[]>;
