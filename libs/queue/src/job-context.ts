import type { Logger } from '#platform';
import type { DeadLetterStore } from './dead-letters/dead-letter.store.js';
import { allTogether, type Isolate } from './isolate.js';
import { jobKeyOf } from './job-key.js';
import { poisoned } from './verdict.js';

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
  /** It is suspected of having ended a process, and runs in one of its own: nothing may be done beside it. */
  readonly isAlone: boolean;
  /** Leaves the work to a run that is alone, when this one is not, and there is a place for that. */
  requireAlone(): void;
  /** Work that goes by this can be searched for the item that ends its process. */
  readonly isolate: Isolate;
  /** Makes a dead letter of a part of the job, as a job of its own with the data it has. */
  setAside(part: { readonly id: string; readonly data: unknown }, reason: string): Promise<void>;
}

export type JobHandler<Data> = (data: Data, context: JobContext) => Promise<void>;

/** A job as it was taken. */
export interface StartedJob {
  readonly queue: string;
  readonly id: string;
  readonly name: string;
  readonly timestamp: number;
  readonly attemptsMade: number;
  readonly priority: number;
}

export interface Surroundings {
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly deadLetters: Pick<DeadLetterStore, 'record'>;
  /** Absent: it runs among others. */
  readonly alone?: { readonly isolate: Isolate };
  /** It could run alone. */
  readonly cell?: unknown;
}

/** A run that found out that it had better be alone. */
export class AloneWantedError extends Error {
  override readonly name = 'AloneWantedError';
  readonly code = 'ALONE_WANTED';
  constructor() {
    super('The job has to run alone');
  }
}

export function contextOf(
  job: StartedJob,
  { signal, log, deadLetters, alone, cell }: Surroundings,
): JobContext {
  const { queue, id: jobId, name, priority } = job;
  const attempt = job.attemptsMade + 1;
  const jobKey = jobKeyOf(job);
  const said = log.child({ queue, job: name, jobId, attempt });
  return {
    jobId,
    jobKey,
    attempt,
    enqueuedAt: new Date(job.timestamp),
    signal,
    log: said,
    isAlone: alone !== undefined,
    requireAlone() {
      if (cell && !alone) throw new AloneWantedError();
    },
    isolate: alone?.isolate ?? allTogether,
    async setAside(part, reason) {
      const failure = poisoned(reason);
      await deadLetters.record({
        ...{ queue, jobName: name, jobId, attempts: attempt, ...failure },
        jobKey: `${jobKey}/${part.id}`,
        payload: { data: part.data, priority },
      });
      said.error({ part: part.id, ...failure }, 'set aside');
    },
  };
}
