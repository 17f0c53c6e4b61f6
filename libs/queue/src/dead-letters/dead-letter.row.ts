import { storableForm } from '#platform';
import type { DeadLetter, DeadLetterFilter, DeadLetterStatus } from './dead-letter.js';

export interface DeadLetterRow {
  readonly id: string;
  readonly queue: string;
  readonly job_name: string;
  readonly job_id: string;
  readonly job_key: string;
  readonly code: string;
  readonly reason: string;
  readonly attempts: number;
  readonly status: DeadLetterStatus;
  readonly failed_at: Date;
  readonly resolved_at: Date | null;
  readonly payload?: Buffer;
}

export const COLUMNS =
  'id, queue, job_name, job_id, job_key, code, reason, attempts, status, failed_at, resolved_at';

/** Takes the six {@link filterValues} as $1 to $6. */
export const FILTER = `($1::text is null or queue = $1) and ($2::text is null or job_name = $2)
  and ($3::text is null or code = $3) and ($4::text is null or status = $4)
  and ($5::timestamptz is null or failed_at >= $5) and ($6::timestamptz is null or failed_at < $6)`;

export const filterValues = (filter: DeadLetterFilter): unknown[] => [
  filter.queue ?? null,
  filter.jobName ?? null,
  filter.code ?? null,
  filter.status ?? null,
  filter.failedFrom ?? null,
  filter.failedBefore ?? null,
];

export const toLetter = (row: DeadLetterRow): DeadLetter => ({
  id: row.id,
  queue: row.queue,
  jobName: row.job_name,
  jobId: row.job_id,
  jobKey: row.job_key,
  code: row.code,
  reason: row.reason,
  attempts: row.attempts,
  status: row.status,
  failedAt: row.failed_at,
  resolvedAt: row.resolved_at,
});

/** Names and ids come from producers; PostgreSQL's text does not hold all of them, and a list of letters no essays. */
export const fitting = (text: string, longest: number): string => storableForm(text, longest);
