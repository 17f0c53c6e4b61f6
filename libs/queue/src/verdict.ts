import type { z } from 'zod';
import { DatabaseUnavailableError, isDatabaseUnavailable, isUnstorableData } from '#platform';
import { type JobPolicy, restBefore } from './job-definition.js';

/** Why a job was not done. Kept and shown, so it never holds a value from the job's data. */
export interface JobFailure {
  readonly code: string;
  readonly reason: string;
}

export type Verdict =
  /** Nobody's fault: it does not use up a try. */
  | { readonly kind: 'postpone'; readonly afterMs: number; readonly failure: JobFailure }
  | { readonly kind: 'retry'; readonly afterMs: number; readonly failure: JobFailure }
  | { readonly kind: 'dead'; readonly failure: JobFailure };

export interface FailedTry {
  readonly error: unknown;
  /** 1 on the first try. */
  readonly attempt: number;
  readonly policy: JobPolicy;
  /** Codes of errors that a second try cannot mend. */
  readonly permanentCodes: ReadonlySet<string>;
  /** In [0, 1), spreads the retries. */
  readonly random: number;
}

/** What becomes of a job whose handler threw. */
export function judge({ error, attempt, policy, permanentCodes, random }: FailedTry): Verdict {
  if (isDatabaseUnavailable(error))
    return { kind: 'postpone', afterMs: OUTAGE_REST_MS * (1 - random / 5), failure: databaseAway };
  if (isUnstorableData(error)) return { kind: 'dead', failure: unstorable };
  const failure = jobFailureOf(error);
  const permanent = field(error, 'retryable') === false || permanentCodes.has(failure.code);
  if (permanent || attempt >= policy.attempts) return { kind: 'dead', failure };
  return {
    kind: 'retry',
    afterMs: Math.max(restBefore(policy.backoff, attempt, random), hint(error)),
    failure,
  };
}

const OUTAGE_REST_MS = 2_000;

const unstorable: JobFailure = {
  code: 'UNSTORABLE',
  reason: 'A text, time or number of the job cannot be stored',
};

const databaseAway: JobFailure = {
  code: 'DATABASE_UNAVAILABLE',
  reason: new DatabaseUnavailableError().message,
};

/**
 * Our own errors carry a code and promise a message without personal data, so both are kept. Any other message
 * (a parser's, PostgreSQL's, a library's) may quote the data it choked on: its kind is kept, its words are not.
 */
export function jobFailureOf(error: unknown): JobFailure {
  const code = field(error, 'code');
  const message = field(error, 'message');
  if (isOurs(code) && typeof message === 'string') return { code, reason: message };
  const kind = error instanceof Error ? error.name : typeof error;
  return { code: 'JOB_FAILED', reason: typeof code === 'string' ? `${kind} (${code})` : kind };
}

/** Where the data is wrong and what was expected there; never what was received. */
export function dataFailureOf(error: z.ZodError): JobFailure {
  const shown = error.issues.slice(0, MOST_ISSUES).map((issue) => describe(issue as Issue));
  const more = error.issues.length - shown.length;
  return { code: 'JOB_INVALID', reason: shown.join('; ') + (more > 0 ? `; and ${more} more` : '') };
}

export const unknownJob: JobFailure = {
  code: 'JOB_UNKNOWN',
  reason: 'No job of this name exists on this queue',
};

/** It took down the process that ran it and nothing else, again and again. */
export const poisoned = (reason: string): JobFailure => ({ code: POISONED, reason });

export const POISONED = 'JOB_POISONED';

const MOST_ISSUES = 5;

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly code: string;
  readonly expected?: unknown;
  readonly values?: readonly unknown[];
  readonly format?: unknown;
  readonly minimum?: unknown;
  readonly maximum?: unknown;
}

function describe(issue: Issue): string {
  const path = issue.path.map(String).join('.') || '(the data)';
  const expected = expectation(issue);
  return expected ? `${path}: ${issue.code}, expected ${expected}` : `${path}: ${issue.code}`;
}

function expectation(issue: Issue): string | undefined {
  if (issue.values) return issue.values.map(String).join(' or ');
  if (issue.minimum !== undefined) return `at least ${issue.minimum}`;
  if (issue.maximum !== undefined) return `at most ${issue.maximum}`;
  const kind = issue.expected ?? issue.format;
  return kind === undefined ? undefined : String(kind);
}

/** UPPER_SNAKE is ours; Node's own begin with ERR_, SQLSTATEs are five characters. */
const isOurs = (code: unknown): code is string =>
  typeof code === 'string' && /^[A-Z][A-Z0-9_]{5,}$/.test(code) && !code.startsWith('ERR_');

/** Some errors know when a new try makes sense (a rate limit); `retryAfterMs` says so. */
function hint(error: unknown): number {
  const ms = field(error, 'retryAfterMs');
  return typeof ms === 'number' && Number.isFinite(ms) ? ms : 0;
}

const field = (error: unknown, name: string): unknown =>
  typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined;
