import { describe } from '@jest/globals';

const isLong = process.env.ROLLCALL_TEST_LONG === '1';

/** What the summary knows them by (summary-reporter.mjs): they are not counted as skipped, for nothing is missing. */
const KEPT = '[npm run test:long]';

/** For what takes too long at every change, and whose kind a shorter test covers. */
export function describeLong(name: string, suite: () => void): void {
  if (isLong) describe(name, suite);
  else describe.skip(`${name} ${KEPT}`, suite);
}
