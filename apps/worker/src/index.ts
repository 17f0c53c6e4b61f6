export { createWorker, type RunningWorker, type WorkerParts } from './create-worker.js';
export { identityCommandJobs } from './identity-commands/identity-command.jobs.js';
export { jobSchemas } from './identity-commands/job-schemas.js';
