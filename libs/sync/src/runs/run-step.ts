import { addCounts, failuresOf, type OutcomeCounts, totalOf } from '../outcomes/outcome-counts.js';
import type { RunPage } from './page-reader.js';
import type { ReadPage } from './read-page.js';
import type { Run } from './run.js';
import type { RunStep } from './run.store.js';

/** Where a page leaves its run, by what its records came to. */
export function stepOf({ run, page, calls }: ReadPage, counts: OutcomeCounts): RunStep {
  const total = addCounts(run.counts, counts);
  return {
    ...(page.next ?? { phase: run.phase, cursor: null }),
    ...rowsOn(page),
    deletionsEnd: page.deletionsEnd ?? false,
    calls: calls.count,
    counts: total,
    ...statusAfter(run, page, total),
  };
}

const rowsOn = ({ listed }: RunPage): Pick<RunStep, 'rows' | 'total'> => ({
  rows: listed?.count ?? 0,
  ...(listed?.total === undefined ? {} : { total: listed.total }),
});

function statusAfter(
  run: Run,
  { obstacle, next }: RunPage,
  total: OutcomeCounts,
): Pick<RunStep, 'status' | 'errorCode' | 'error'> {
  if (isHopeless(run.counts, total)) {
    const error = `${total.invalid} of the first ${totalOf(total)} records cannot be mapped: correct the mapping`;
    return { status: 'failed', errorCode: 'TOO_MANY_INVALID', error };
  }
  if (obstacle) return { status: 'completed_with_errors', errorCode: obstacle.code, error: obstacle.message };
  if (next) return { status: 'running' };
  return { status: failuresOf(total) > 0 ? 'completed_with_errors' : 'completed' };
}

/** When the first records are mostly invalid, it is the mapping that is wrong, not the records. */
const SAMPLE = 200;
const TOO_MANY = 0.5;

function isHopeless(before: OutcomeCounts, after: OutcomeCounts): boolean {
  const read = totalOf(after);
  return totalOf(before) < SAMPLE && read >= SAMPLE && (after.invalid ?? 0) > read * TOO_MANY;
}
