import type { Logger } from '#platform';
import type { LogDetails } from './log-details.js';

/** Things the service cannot work without, by name: each throws when it is not there. */
export type ReadinessChecks = Readonly<Record<string, () => Promise<void>>>;

/** What readiness tells beside its checks; it decides nothing, and is left out when it does not come. */
export type ReadinessDetails = () => Promise<LogDetails>;

export interface Readiness extends Partial<LogDetails> {
  readonly status: 'ok' | 'unavailable';
  readonly checks: Readonly<Record<string, 'ok' | 'failed'>>;
}

const PATIENCE_MS = 5_000;
const DETAILS_PATIENCE_MS = 1_000;

/** Asks all of them at once. What is wrong goes to the log: whoever asks has shown no key. */
export async function readiness(
  checks: ReadinessChecks,
  log: Logger,
  details?: ReadinessDetails,
): Promise<Readiness> {
  const told = details ? toldIn(details, log) : undefined;
  const results = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      try {
        await withPatience(check(), PATIENCE_MS);
        return [name, 'ok'] as const;
      } catch (error) {
        log.warn({ err: error, check: name }, 'not ready');
        return [name, 'failed'] as const;
      }
    }),
  );
  const status = results.every(([, result]) => result === 'ok') ? 'ok' : 'unavailable';
  return { status, checks: Object.fromEntries(results), ...(await told) };
}

async function toldIn(details: ReadinessDetails, log: Logger): Promise<Partial<LogDetails>> {
  try {
    return await withPatience(details(), DETAILS_PATIENCE_MS);
  } catch (error) {
    log.debug({ err: error }, 'readiness has no details');
    return {};
  }
}

async function withPatience<T>(work: Promise<T>, patienceMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs} ms`)), patienceMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
