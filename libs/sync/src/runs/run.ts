import type { OutcomeCounts } from '../records/apply-records.js';

export const RUN_MODES = ['full', 'incremental', 'record', 'dry_run'] as const;
export type RunMode = (typeof RUN_MODES)[number];

export const RUN_STATUSES = [
  'waiting',
  'running',
  'completed',
  'completed_with_errors',
  'cancelled',
  'failed',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/**
 * What a run works through, in this order: what the vendor lists as archived, so that its keys are free; the stream;
 * and what was set aside.
 */
export const RUN_PHASES = ['deletions', 'read', 'quarantine'] as const;
export type RunPhase = (typeof RUN_PHASES)[number];

export type RunTrigger = 'manual' | 'schedule' | 'webhook';

/** One pass over a stream of a connection. */
export interface Run {
  readonly id: string;
  readonly connectionId: string;
  readonly stream: string;
  readonly mode: RunMode;
  readonly trigger: RunTrigger;
  readonly status: RunStatus;
  readonly phase: RunPhase;
  readonly cursor: unknown;
  /** Pages committed so far. */
  readonly pages: number;
  readonly counts: OutcomeCounts;
  /** Tries of the current page that failed. */
  readonly attempts: number;
  readonly errorCode: string | null;
  readonly error: string | null;
  readonly notBefore: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
}

export const isOver = ({ status }: Pick<Run, 'status'>): boolean =>
  status !== 'waiting' && status !== 'running';

export function addCounts(a: OutcomeCounts, b: OutcomeCounts): OutcomeCounts {
  const sum: Record<string, number> = { ...a };
  for (const [action, count] of Object.entries(b)) sum[action] = (sum[action] ?? 0) + count;
  return sum;
}

export const totalOf = (counts: OutcomeCounts): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Records that a person may have to look at. */
export const failuresOf = ({ invalid = 0, conflict = 0 }: OutcomeCounts): number => invalid + conflict;
