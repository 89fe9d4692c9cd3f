/** What is kept of alerts. */

export const ALERT_KINDS = ['DEAD_LETTERS'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** An alert as stored. */
export interface AlertRecord {
  /** `<workspace>|<id>`: the alerts of one workspace are one range of the primary key. */
  readonly _id: string;
  readonly workspace: string;
  readonly kind: AlertKind;
  readonly at: Date;
  /** One sentence for people. */
  readonly message: string;
  /** New dead letters in the window; counting stops at 1,000. */
  readonly count: number;
  readonly windowMs: number;
  /** How many of them by error code. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** When an alert of a kind was raised last, so that each window has one at most. */
export interface AlertMarkRecord {
  /** `<workspace>|<kind>`. */
  readonly _id: string;
  readonly raisedAt: Date;
}

/** The id that callers see. Pure. */
export const alertId = ({ _id, workspace }: Pick<AlertRecord, '_id' | 'workspace'>): string =>
  _id.slice(workspace.length + 1);
