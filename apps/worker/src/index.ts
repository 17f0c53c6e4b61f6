export { createWorker, type RunningWorker, type WorkerParts, workedQueues } from './create-worker.js';
export { identityCommandJobs } from './identity-commands/identity-command.jobs.js';
export { jobSchemas } from './identity-commands/job-schemas.js';
export type { SolitarySetup } from './solitary/solitary-setup.js';
