import { framesOf, type Logger } from '#platform';
import { giveUp } from './backends/bullmq-worker.js';
import type { JobProcessor, TakenJob } from './backends/queue-backend.js';
import type { DeadLetterStore } from './dead-letters/dead-letter.store.js';
import type { JobDefinition } from './job-definition.js';
import { jobKeyOf } from './job-key.js';
import { DeadLetterUnrecordedError, JobFailedError } from './queue.errors.js';
import { judge, type Refusal, refusalOf, refusalOfData, stalledTooOften, unknownJob } from './verdict.js';

/** What a handler is told about the job it runs. */
export interface JobContext {
  /** The queue's own id, for logs; use `jobKey` to recognise a job. */
  readonly jobId: string;
  /** The same at every run of this job and of no other job, ever: an effect recorded under it is had once. */
  readonly jobKey: string;
  /** 1 on the first try. A run that died does not count. */
  readonly attempt: number;
  readonly enqueuedAt: Date;
  /** Aborted when another worker has taken the job over, or when the runner can wait no longer on closing. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

export type JobHandler<Data> = (data: Data, context: JobContext) => Promise<void>;

export interface RegisteredJob {
  readonly definition: JobDefinition;
  readonly handler: JobHandler<unknown>;
}

export interface AttemptRules {
  readonly jobs: ReadonlyMap<string, RegisteredJob>;
  readonly deadLetters: Pick<DeadLetterStore, 'record' | 'settle'>;
  readonly permanentCodes: ReadonlySet<string>;
  /** How often a job may lose its worker before it counts as the cause. */
  readonly maxStalled: number;
  readonly log: Logger;
}

/**
 * Runs one job of a queue once and says what becomes of it. It alone decides: BullMQ is told to try without end, and
 * gives a job up only when it hears so from here, after the dead letter is written. Thus no crash between the two
 * loses a job, and a job is tried as its definition says, whoever added it and with whatever options.
 */
export function jobProcessor(queue: string, rules: AttemptRules): JobProcessor {
  return async (job, signal) => {
    tryAgainAfter(job, UNRECORDED_REST_MS);
    const { refusal, registered, data } = admit(job, rules);
    if (!registered) return bury(queue, job, refusal, rules);
    const context = contextOf(queue, job, signal, rules.log);
    try {
      await registered.handler(data, context);
    } catch (error) {
      return afterFailure({ queue, job, error, context, definition: registered.definition }, rules);
    }
    // Another run of it may have been buried while this one, thought dead, went on.
    if (job.stalledCounter > 0) await rules.deadLetters.settle(context.jobKey);
  };
}

const UNRECORDED_REST_MS = 1_000;

type Admission =
  | { readonly registered: RegisteredJob; readonly data: unknown; readonly refusal?: undefined }
  | { readonly registered?: undefined; readonly data?: undefined; readonly refusal: Refusal };

function admit(job: TakenJob, { jobs, maxStalled }: AttemptRules): Admission {
  if (job.stalledCounter > maxStalled) return { refusal: stalledTooOften(job.stalledCounter) };
  const registered = jobs.get(job.name);
  if (!registered) return { refusal: unknownJob };
  const parsed = registered.definition.schema.safeParse(job.data);
  return parsed.success ? { registered, data: parsed.data } : { refusal: refusalOfData(parsed.error) };
}

interface FailedRun {
  readonly queue: string;
  readonly job: TakenJob;
  readonly error: unknown;
  readonly context: JobContext;
  readonly definition: JobDefinition;
}

async function afterFailure(run: FailedRun, rules: AttemptRules): Promise<never> {
  const { queue, job, error, context, definition } = run;
  if (context.signal.aborted) {
    tryAgainAfter(job, 0);
    throw new JobFailedError('Stopped before it was done; it will be run again');
  }
  const { permanentCodes } = rules;
  const verdict = judge({
    error,
    attempt: context.attempt,
    policy: definition,
    permanentCodes,
    random: Math.random(),
  });
  context.log.warn({ ...refusalOf(error), verdict: verdict.kind, frames: framesOf(error, 8) }, 'job failed');
  if (verdict.kind === 'dead') return bury(queue, job, verdict.refusal, rules);
  tryAgainAfter(job, verdict.afterMs);
  throw new JobFailedError(`${verdict.refusal.code}: ${verdict.refusal.reason}`);
}

async function bury(queue: string, job: TakenJob, refusal: Refusal, rules: AttemptRules): Promise<never> {
  const jobId = job.id as string;
  try {
    await rules.deadLetters.record({
      queue,
      jobName: job.name,
      jobId,
      jobKey: jobKeyOf({ queue, id: jobId, timestamp: job.timestamp }),
      ...refusal,
      attempts: job.attemptsMade + 1,
      payload: { data: job.data, priority: job.opts.priority ?? 0 },
    });
  } catch (cause) {
    throw new DeadLetterUnrecordedError({ cause });
  }
  rules.log.warn({ queue, job: job.name, jobId, code: refusal.code }, 'job is a dead letter');
  throw giveUp(`${refusal.code}: ${refusal.reason}`);
}

/** BullMQ reads these from the job in memory when the processor throws; what the producer had set is overruled. */
function tryAgainAfter(job: TakenJob, delay: number): void {
  job.opts.attempts = Number.MAX_SAFE_INTEGER;
  job.opts.backoff = { type: 'fixed', delay };
  job.opts.stackTraceLimit = 0;
}

function contextOf(queue: string, job: TakenJob, signal: AbortSignal, log: Logger): JobContext {
  const jobId = job.id as string;
  const attempt = job.attemptsMade + 1;
  return {
    jobId,
    jobKey: jobKeyOf({ queue, id: jobId, timestamp: job.timestamp }),
    attempt,
    enqueuedAt: new Date(job.timestamp),
    signal,
    log: log.child({ queue, job: job.name, jobId, attempt }),
  };
}
