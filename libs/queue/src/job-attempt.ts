import { framesOf, type Logger } from '#platform';
import type { SolitaryCell } from './alone/solitary-cell.js';
import { giveUp, putOff } from './backends/bullmq-worker.js';
import type { JobProcessor, TakenJob } from './backends/queue-backend.js';
import type { DeadLetterStore } from './dead-letters/dead-letter.store.js';
import { contextOf, type JobContext, type StartedJob } from './job-context.js';
import type { JobDefinition } from './job-definition.js';
import { jobKeyOf } from './job-key.js';
import type { RegisteredJob } from './job-registry.js';
import { DeadLetterUnrecordedError, JobFailedError } from './queue.errors.js';
import { runCarefully } from './run-carefully.js';
import { type JobFailure, jobFailureOf, judge, unknownJob } from './verdict.js';

export interface AttemptRules {
  readonly jobs: ReadonlyMap<string, RegisteredJob>;
  readonly deadLetters: Pick<DeadLetterStore, 'record' | 'settle'>;
  readonly permanentCodes: ReadonlySet<string>;
  /** Where suspects run; absent: among the others. */
  readonly cell?: SolitaryCell | undefined;
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
    const { failure, registered } = admit(job, rules);
    if (!registered) return bury(queue, job, failure, rules);
    const started = startedJob(queue, job);
    const context = contextOf(started, { signal, ...rules });
    const run = { queue, job, context, definition: registered.definition };
    const end = await runCarefully({ cell: rules.cell, job, started, registered, context }).catch(
      (error: unknown) => afterFailure({ ...run, error }, rules),
    );
    if (end.kind === 'put off') return putOff(job, end.ms);
    if (end.kind === 'dead') return bury(queue, job, end.failure, rules);
    // Another run of it may have been buried while this one, thought dead, went on.
    if (job.stalledCounter > 0) await rules.deadLetters.settle(context.jobKey);
  };
}

const UNRECORDED_REST_MS = 1_000;

type Admission =
  | { readonly registered: RegisteredJob; readonly failure?: undefined }
  | { readonly registered?: undefined; readonly failure: JobFailure };

function admit(job: TakenJob, { jobs }: AttemptRules): Admission {
  const registered = jobs.get(job.name);
  return registered ? { registered } : { failure: unknownJob };
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
  context.log.warn(
    { ...jobFailureOf(error), verdict: verdict.kind, frames: framesOf(error, 8) },
    'job failed',
  );
  if (verdict.kind === 'postpone') return putOff(job, verdict.afterMs);
  if (verdict.kind === 'dead') return bury(queue, job, verdict.failure, rules);
  tryAgainAfter(job, verdict.afterMs);
  throw new JobFailedError(`${verdict.failure.code}: ${verdict.failure.reason}`);
}

async function bury(queue: string, job: TakenJob, failure: JobFailure, rules: AttemptRules): Promise<never> {
  const jobId = job.id as string;
  try {
    await rules.deadLetters.record({
      queue,
      jobName: job.name,
      jobId,
      jobKey: jobKeyOf({ queue, id: jobId, timestamp: job.timestamp }),
      ...failure,
      attempts: job.attemptsMade + 1,
      payload: { data: job.data, priority: job.opts.priority ?? 0 },
    });
  } catch (cause) {
    throw new DeadLetterUnrecordedError({ cause });
  }
  rules.log.warn({ queue, job: job.name, jobId, code: failure.code }, 'job is a dead letter');
  throw giveUp(`${failure.code}: ${failure.reason}`);
}

/** BullMQ reads these from the job in memory when the processor throws; what the producer had set is overruled. */
function tryAgainAfter(job: TakenJob, delay: number): void {
  job.opts.attempts = Number.MAX_SAFE_INTEGER;
  job.opts.backoff = { type: 'fixed', delay };
  job.opts.stackTraceLimit = 0;
}

const startedJob = (queue: string, job: TakenJob): StartedJob => ({
  queue,
  id: job.id as string,
  name: job.name,
  timestamp: job.timestamp,
  attemptsMade: job.attemptsMade,
  priority: job.opts.priority ?? 0,
});
