import type { PlanAction } from '../records/plan.js';
import type { PlannedRecord } from '../records/plan-page.js';

/** How many records came to what. */
export type OutcomeCounts = Readonly<Partial<Record<PlanAction, number>>>;

export function countsOf(planned: readonly PlannedRecord[], unchanged: number): OutcomeCounts {
  const counts: Partial<Record<PlanAction, number>> = unchanged > 0 ? { unchanged } : {};
  for (const { plan } of planned) counts[plan.action] = (counts[plan.action] ?? 0) + 1;
  return counts;
}

export function addCounts(a: OutcomeCounts, b: OutcomeCounts): OutcomeCounts {
  const sum: Record<string, number> = { ...a };
  for (const [action, count] of Object.entries(b)) sum[action] = (sum[action] ?? 0) + count;
  return sum;
}

export const totalOf = (counts: OutcomeCounts): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Records that a person may have to look at. */
export const failuresOf = ({ invalid = 0, conflict = 0 }: OutcomeCounts): number => invalid + conflict;
