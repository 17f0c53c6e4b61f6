export { type ServedJobs, serveAlone, type Warder } from './alone/serve-alone.js';
export { SolitaryCell, type SolitaryCellOptions } from './alone/solitary-cell.js';
export { type PostgresBackendOptions, postgresBackend } from './backends/postgres.backend.js';
export type { QueueBackend } from './backends/queue-backend.js';
export { type RedisBackendOptions, redisBackend } from './backends/redis.backend.js';
export type { CallLimiter, CallWindow, TakenCall } from './call-limits/call-limiter.js';
export type {
  DeadLetter,
  DeadLetterFilter,
  DeadLetterPage,
  DeadLetterPayload,
  DeadLetterStatus,
  NewDeadLetter,
} from './dead-letters/dead-letter.js';
export type { DeadLetterStore, RetriedBatch, SendAgain } from './dead-letters/dead-letter.store.js';
export { DeadLetters, type RetryTotals } from './dead-letters/dead-letters.js';
export { PostgresDeadLetterStore } from './dead-letters/postgres-dead-letter.store.js';
export { allTogether, type DividedWork, type Isolate, type Poisoned, type Portion } from './isolate.js';
export type { JobContext, JobHandler } from './job-context.js';
export {
  type Backoff,
  defineJob,
  type JobData,
  type JobDefinition,
  type JobInput,
  type JobPolicy,
  jobJsonSchema,
} from './job-definition.js';
export { type JobCare, JobRegistry, type Manner, parsedBy } from './job-registry.js';
export { JobRunner, type JobRunnerOptions } from './job-runner.js';
export * from './queue.errors.js';
export { type AddOptions, type QueueCounts, Queues, type RawJob } from './queues.js';
export type { JobFailure } from './verdict.js';
