export * from './conflicts/conflict.errors.js';
export { CONFLICT_STATUSES, type ConflictStatus } from './conflicts/conflicts.js';
export * from './connections/connection.errors.js';
export {
  ConnectionCreate,
  type ConnectionCreateInput,
  ConnectionPatch,
  type ConnectionPatchInput,
  ConnectionSecrets,
} from './connections/connection.input.js';
export * from './connections/connection.js';
export type { MappingVersion } from './connections/connection.store.js';
export { connectionPoliciesSchema, DEFAULT_POLICIES } from './connections/connection-policies.js';
export type { Connections } from './connections/connections.js';
export { type ConnectorDescription, describeConnectors } from './connections/connector-catalog.js';
export { requireSchedule } from './connections/schedule.js';
export { SECRET_COMPARISONS, type SecretComparison } from './connections/secret-fingerprints.js';
export { PreviewRequest } from './preview/preview.input.js';
export type { PreviewedRecord } from './preview/preview.js';
export * from './quarantine/quarantine.errors.js';
export { QUARANTINE_STATUSES, type QuarantineStatus } from './quarantine/quarantine.js';
export { KEY_RESOLUTIONS, type KeyResolution } from './records/key-resolution.js';
export { PLAN_ACTIONS, type PlanAction } from './records/plan.js';
export * from './runs/run.errors.js';
export { estimateOf, isOver, RUN_MODES, RUN_PHASES, RUN_STATUSES, type Run } from './runs/run.js';
export type { RunControl, RunRequest } from './runs/run-control.js';
export { enqueuePage, enqueueRecords, isAbandoned, SYNC_QUEUE, syncJobs } from './sync.jobs.js';
export { createSync, type Sync, type SyncParts } from './sync.js';
export { DELIVERY_STATUSES, type DeliveryStatus } from './webhooks/deliveries.js';
export * from './webhooks/webhook.errors.js';
export type { IncomingWebhook, Received } from './webhooks/webhook-inbox.js';
