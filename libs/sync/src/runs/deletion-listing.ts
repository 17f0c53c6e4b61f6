/** A vendor's listing of what was deleted, as a run last read it to its end. */
export interface DeletionListing {
  readonly pages: number;
  /** When that run began. */
  readonly at: Date;
}

/**
 * Vendors that list deletions list all that ever were, so an incremental run would spend more calls on them from year to
 * year. A short listing is read by each run. A longer one rests ten times as long as its calls take at the pace of the
 * smallest accounts (100 in ten seconds, two streams), and never more than an hour: webhooks do not wait for it, and
 * full runs read it anyway.
 */
export function mayRest({ pages, at }: DeletionListing, now: Date): boolean {
  if (pages <= SHORT) return false;
  const seconds = Math.min(pages * SECONDS_PER_PAGE, LONGEST_REST_SECONDS);
  const age = now.getTime() - at.getTime();
  // Read in the future: the database's clock was set back.
  return age >= 0 && age < seconds * 1_000;
}

const SHORT = 5;
const SECONDS_PER_PAGE = 2;
const LONGEST_REST_SECONDS = 3_600;
