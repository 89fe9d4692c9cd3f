/** Longest wait that an answer can ask for: 24 hours. */
export const RETRY_AFTER_MAX_MS = 24 * 60 * 60_000;

const IMF_FIXDATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RFC_850 = /^(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * How long a Retry-After field (RFC 9110, 10.2.3) asks to wait: seconds, or one of the three forms of an HTTP date.
 *
 * @param value the field as it came.
 * @param now what a date is compared with.
 * @returns milliseconds, from 0 (a date in the past) to `RETRY_AFTER_MAX_MS`; undefined when the field is absent or wrong.
 */
export function parseRetryAfter(value: string | null | undefined, now: Date): number | undefined {
  const text = value?.trim();
  if (!text) return undefined;
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1000, RETRY_AFTER_MAX_MS);
  const until = httpDate(text);
  if (Number.isNaN(until)) return undefined;
  return Math.min(Math.max(until - now.getTime(), 0), RETRY_AFTER_MAX_MS);
}

function httpDate(text: string): number {
  // asctime names no zone; RFC 9110 says that it is GMT as well.
  if (ASCTIME.test(text)) return Date.parse(`${text} GMT`);
  return IMF_FIXDATE.test(text) || RFC_850.test(text) ? Date.parse(text) : Number.NaN;
}
