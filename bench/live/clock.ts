/** Milliseconds of the machine's monotonic clock: comparable between processes, as `performance.now()` is not. */
export const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6;
