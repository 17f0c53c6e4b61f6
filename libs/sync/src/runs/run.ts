import type { OutcomeCounts } from '../outcomes/outcome-counts.js';

export const RUN_MODES = ['full', 'incremental', 'sweep', 'record', 'dry_run'] as const;
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
 * What a run works through. A full one: what the vendor lists as archived, so that its keys are free; the stream; what
 * it no longer shows; and what was set aside. A sweep lists ids instead of reading; a record run asks for its
 * records and is through.
 */
export const RUN_PHASES = ['deletions', 'list', 'record', 'read', 'sweep', 'quarantine'] as const;
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
  /** The sweep's share limit is lifted. */
  readonly allowSweep: boolean;
  /** In mode `record`: the records that were asked for. */
  readonly externalIds: readonly string[];
  /** What the vendor's listing showed so far, records or ids. */
  readonly rowsRead: number;
  /** How many rows there will be, as far as one can tell. */
  readonly expected: number | null;
  /** Rows per second, mostly of the recent pages. */
  readonly rowRate: number | null;
  /** When its first page was committed, or could not be read. */
  readonly startedAt: Date | null;
  /** Requests to the vendor. */
  readonly apiCalls: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
}

/** The vendor shows what it has, page after page. */
export const isListing = (phase: RunPhase): boolean => phase === 'deletions' || phase === 'read';

export const isDryRun = ({ mode }: Pick<Run, 'mode'>): boolean => mode === 'dry_run';

export const isOver = ({ status }: Pick<Run, 'status'>): boolean =>
  status !== 'waiting' && status !== 'running';

export interface RunEstimate {
  readonly percent: number | null;
  readonly secondsLeft: number | null;
}

/** How far a run is, and how long it will take: nothing is said where nobody knows the end. */
export function estimateOf(run: Pick<Run, 'status' | 'rowsRead' | 'expected' | 'rowRate'>): RunEstimate {
  if (isOver(run)) return { percent: isDone(run) ? 100 : null, secondsLeft: isDone(run) ? 0 : null };
  const { rowsRead, expected, rowRate } = run;
  if (!expected || rowsRead > expected) return { percent: null, secondsLeft: null };
  // What comes behind the last row (records set aside, a sweep) has no length that is known before.
  const percent = Math.min(99, Math.floor((100 * rowsRead) / expected));
  return { percent, secondsLeft: rowRate ? Math.ceil((expected - rowsRead) / rowRate) : null };
}

const isDone = ({ status }: Pick<Run, 'status'>): boolean =>
  status === 'completed' || status === 'completed_with_errors';
