/**
 * When to come back, on our own clock. A date is compared with the server's `Date` header, so that a clock
 * that is off on either side does not turn seconds into hours.
 */
export function retryAfter(value: string | undefined, serverDate: Date | null, now: Date): Date | null {
  const delayMs = value === undefined ? null : delayOf(value.trim(), serverDate ?? now);
  return delayMs === null ? null : new Date(now.getTime() + Math.min(delayMs, MAX_DELAY_MS));
}

function delayOf(value: string, serverNow: Date): number | null {
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  // Date.parse finds a year in almost anything; a real date has a time of day.
  const date = value.includes(':') ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - serverNow.getTime());
}

/** A vendor that names a time beyond a day means "try tomorrow". */
const MAX_DELAY_MS = 24 * 60 * 60 * 1000;
