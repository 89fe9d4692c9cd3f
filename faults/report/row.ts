/** One run of one scenario, as the report shows it. */
export interface Row {
  readonly scenario: string;
  readonly title: string;
  readonly seed: number;
  readonly sent: number;
  readonly acknowledged: number;
  readonly lost: number;
  readonly unexpected: number;
  readonly duplicated: number;
  readonly duplicatesAllowed: number;
  /** Of acknowledgements, by when their message was due; undefined where there was none. */
  readonly p99Ms: {
    readonly before: number | undefined;
    /** From the fault until the system was normal again. */
    readonly during: number | undefined;
    readonly after: number | undefined;
  };
  /** From the end of the fault; undefined: not within the run. */
  readonly recoverySeconds: number | undefined;
  readonly failedRequests: number;
  /** How acknowledged deliveries ended. */
  readonly ends: Readonly<Record<string, number>>;
  readonly note: string | undefined;
  /** Empty when the promise held. */
  readonly problems: readonly string[];
}
