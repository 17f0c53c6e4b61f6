import { z } from 'zod';

/** What a queue promises about a job: how often it is tried, how long it rests in between, what it gives way to. */
export interface JobPolicy {
  /** Tries in all; after the last one the job is a dead letter. */
  readonly attempts: number;
  readonly backoff: Backoff;
  /** 0 goes first, then 1, 2, ...: give bulk work a higher number than single commands. */
  readonly priority: number;
  /** How long the id of a finished job keeps refusing a second one; 0: it is forgotten as soon as it is done. */
  readonly rememberForSeconds: number;
}

/** Rests double from `firstMs` up to `maxMs`, each shortened by up to a fifth so that a crowd does not come back at once. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** A typed job: its queue, its name there, the shape of its data, and its policy. */
export interface JobDefinition<Schema extends z.ZodType = z.ZodType> extends JobPolicy {
  readonly queue: string;
  readonly name: string;
  readonly schema: Schema;
}

/** The data a producer hands in. */
export type JobInput<Definition extends JobDefinition> = z.input<Definition['schema']>;

/** The data a handler receives, parsed. */
export type JobData<Definition extends JobDefinition> = z.output<Definition['schema']>;

const DEFAULT_POLICY: JobPolicy = {
  attempts: 8,
  backoff: { firstMs: 1_000, maxMs: 60_000 },
  priority: 0,
  rememberForSeconds: 0,
};

export function defineJob<Schema extends z.ZodType>(
  definition: { queue: string; name: string; schema: Schema } & Partial<JobPolicy>,
): JobDefinition<Schema> {
  return { ...DEFAULT_POLICY, ...definition };
}

/** The shape of a job's data as JSON Schema, for producers in any language. */
export function jobJsonSchema(definition: JobDefinition): z.core.JSONSchema.JSONSchema {
  return z.toJSONSchema(definition.schema, { io: 'input' });
}

/** The rest before the try that follows `attempt` (1, 2, ...); `random` is in [0, 1). */
export function restBefore(backoff: Backoff, attempt: number, random: number): number {
  const full = Math.min(backoff.firstMs * 2 ** (attempt - 1), backoff.maxMs);
  return Math.round(full * (1 - random / 5));
}
