export * from './connections/connection.errors.js';
export {
  ConnectionCreate,
  type ConnectionCreateInput,
  ConnectionSecrets,
} from './connections/connection.input.js';
export * from './connections/connection.js';
export type { Connections } from './connections/connections.js';
export * from './imports/index.js';
export { PLAN_ACTIONS, type PlanAction } from './records/plan.js';
export * from './runs/run.errors.js';
export { RUN_MODES, RUN_PHASES, RUN_STATUSES, type Run } from './runs/run.js';
export type { Runs } from './runs/runs.js';
export { enqueuePage, enqueueRecords, SYNC_QUEUE, syncJobs } from './sync.jobs.js';
export { createSync, type Sync, type SyncParts } from './sync.js';
export { DELIVERY_STATUSES, type DeliveryStatus } from './webhooks/deliveries.js';
export * from './webhooks/webhook.errors.js';
