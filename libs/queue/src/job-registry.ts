import type { z } from 'zod';
import type { JobHandler } from './job-context.js';
import type { JobData, JobDefinition } from './job-definition.js';
import { JobInvalidError } from './queue.errors.js';
import { dataFailureOf, type JobFailure } from './verdict.js';

/** What the runner does about a job that seems to have ended the process that ran it. */
export interface JobCare<Data> {
  /** How it is to run, where the queue knows nothing against it; absent: among others. */
  readonly manner?: (data: Data, names: JobNames) => Promise<Manner> | Manner;
  /** Instead of the handler where it runs alone, for one that has to look for its culprit before the data are parsed. */
  readonly handleAlone?: JobHandler<unknown>;
  /** Said every two seconds while it runs alone, so that nobody takes it for abandoned. */
  readonly showLife?: (data: Data) => Promise<void>;
  /** Sets all of it aside where a person finds it; without it, it becomes a dead letter. */
  readonly setAside?: (data: Data, failure: JobFailure) => Promise<void>;
}

/** `not now`: somebody is at its work, and it is asked for again should that one fall silent. */
export type Manner = 'among others' | 'alone' | 'not now';

export interface JobNames {
  readonly id: string;
  /** Empty: it is not coalesced. */
  readonly coalescedBy: string;
}

export interface RegisteredJob {
  readonly definition: JobDefinition;
  readonly handler: JobHandler<unknown>;
  readonly care: JobCare<unknown>;
}

/** Jobs by queue and name, with their handlers. */
export class JobRegistry {
  private readonly jobs = new Map<string, Map<string, RegisteredJob>>();

  register<Definition extends JobDefinition>(
    definition: Definition,
    handler: JobHandler<JobData<Definition>>,
    care: JobCare<JobData<Definition>> = {},
  ): this {
    const queue = this.jobs.get(definition.queue) ?? new Map<string, RegisteredJob>();
    if (queue.has(definition.name)) throw new TypeError(`Job ${definition.name} is registered twice`);
    queue.set(definition.name, {
      definition,
      handler: handler as JobHandler<unknown>,
      care: care as JobCare<unknown>,
    });
    this.jobs.set(definition.queue, queue);
    return this;
  }

  find(queue: string, name: string): RegisteredJob | undefined {
    return this.jobs.get(queue)?.get(name);
  }

  [Symbol.iterator](): Iterator<[string, ReadonlyMap<string, RegisteredJob>]> {
    return this.jobs.entries();
  }
}

/** @throws JobInvalidError */
export const parsed = ({ definition }: RegisteredJob, data: unknown): unknown =>
  parsedBy(definition.schema, data);

/** @throws JobInvalidError */
export function parsedBy<Schema extends z.ZodType>(schema: Schema, data: unknown): z.output<Schema> {
  const result = schema.safeParse(data);
  if (!result.success) throw new JobInvalidError(dataFailureOf(result.error).reason);
  return result.data;
}
