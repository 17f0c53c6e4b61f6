import { ConnectorError, RateLimited, Transient } from '#connectors';
import { DatabaseUnavailableError, isDatabaseUnavailable, isUnstorableData } from '#platform';

/** What becomes of work that could not be done: later, or not at all. */
export type FailureVerdict =
  | {
      readonly kind: 'wait';
      /** A span, not a moment: what is stored is counted from the database's clock. */
      readonly waitMs: number;
      readonly code: string;
      readonly reason: string;
      /** A used-up daily quota concerns everything the connection does. */
      readonly pausesConnection: boolean;
      /** A rate limit is nobody's fault: waiting for it does not use up a try. */
      readonly counted: boolean;
    }
  | { readonly kind: 'fail'; readonly code: string; readonly reason: string };

/** A burst limit, the vendor's or our own budget's, belongs to everyday work; a used-up day is worth a word. */
export const isEverydayWait = (verdict: FailureVerdict): boolean =>
  verdict.kind === 'wait' && !verdict.counted && !verdict.pausesConnection;

/** The vendor's failure, after which nobody knows what its records would have done. */
export const isVendorAway = (error: unknown): boolean =>
  error instanceof RateLimited || error instanceof Transient;

export interface FailedTry {
  readonly error: unknown;
  /** Tries that failed before this one. */
  readonly attempts: number;
  /** By the clock that the connector was given: times that the error names are on it. */
  readonly now: Date;
  /** In [0, 1), spreads the retries. */
  readonly random: number;
}

export const MAX_ATTEMPTS = 8;

/** Connectors say what happened; what follows from it is decided here, for runs and for webhook deliveries. */
export function judgeFailure(failed: FailedTry): FailureVerdict {
  const { error, now } = failed;
  if (error instanceof RateLimited) {
    const { retryAt, scope, message } = error;
    const waitMs = Math.max(retryAt.getTime() - now.getTime(), SHORTEST_WAIT_MS);
    const pausesConnection = scope === 'daily';
    return { kind: 'wait', waitMs, code: error.code, reason: message, pausesConnection, counted: false };
  }
  if (isDatabaseUnavailable(error)) return databaseAway();
  if (isUnstorableData(error)) return UNSTORABLE;
  const { code, reason } = namedReason(error);
  const mayPass = error instanceof Transient || code === UNEXPECTED;
  if (!mayPass || failed.attempts + 1 >= MAX_ATTEMPTS) return { kind: 'fail', code, reason };
  const asked = error instanceof Transient ? error.retryAt : null;
  const waitMs = Math.max(asked ? asked.getTime() - now.getTime() : 0, backoffMs(failed));
  return { kind: 'wait', waitMs, code, reason, pausesConnection: false, counted: true };
}

/** Our own database's outage says nothing about the record, the page or the CRM. */
const databaseAway = (): FailureVerdict => {
  const { code, message } = new DatabaseUnavailableError();
  const waitMs = OUTAGE_REST_MS;
  return { kind: 'wait', waitMs, code, reason: message, pausesConnection: false, counted: false };
};

/** Each try would be refused like the first. */
const UNSTORABLE: FailureVerdict = {
  kind: 'fail',
  code: 'UNSTORABLE',
  reason: 'The database does not take a text, time or number of what was read',
};

const OUTAGE_REST_MS = 2_000;
const UNEXPECTED = 'UNEXPECTED';
const SHORTEST_WAIT_MS = 100;
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 5 * 60_000;

/** Doubles from a second up to five minutes, shortened by up to a fifth so that a crowd does not come back at once. */
function backoffMs({ attempts, random }: FailedTry): number {
  return Math.min(FIRST_BACKOFF_MS * 2 ** attempts, LONGEST_BACKOFF_MS) * (1 - random / 5);
}

/** Our own errors promise words without personal data; of any other only its kind is told. */
function namedReason(error: unknown): { code: string; reason: string } {
  if (error instanceof ConnectorError) return { code: error.code, reason: error.message };
  const { code, name, message } = error as { code?: unknown; name?: string; message?: string };
  if (typeof code === 'string' && PERMANENT.has(code)) return { code, reason: message ?? code };
  return { code: UNEXPECTED, reason: typeof code === 'string' ? `${name} (${code})` : String(name) };
}

const PERMANENT = new Set([
  'REAUTHORIZATION_REQUIRED',
  'SECRET_UNREADABLE',
  'INVALID_CONNECTION',
  'INVALID_MAPPING',
  'EXPRESSIONS_HOPELESS',
  'UNKNOWN_STREAM',
]);
