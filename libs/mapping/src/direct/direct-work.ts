import { leaveToJsonata } from './left-to-jsonata.js';

/**
 * Characters, items and steps for items that the expressions of one record may go through directly, all together. A few hundred short
 * steps over long texts add up to seconds, in which nothing else of the process would get on.
 */
export const MAX_DIRECT_WORK = 200_000;

let left = MAX_DIRECT_WORK;

/** One record's worth of work: what is beyond it is left to JSONata. */
export function withinDirectWork<Result>(evaluate: () => Result): Result {
  left = MAX_DIRECT_WORK;
  return evaluate();
}

export function spend(work: number): void {
  left -= work;
  if (left < 0) leaveToJsonata();
}
