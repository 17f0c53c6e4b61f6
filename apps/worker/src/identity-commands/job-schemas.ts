import { IDENTITY_COMMANDS_QUEUE } from '#identity';
import { jobJsonSchema } from '#queue';
import { identityCommandJobs } from './identity-command.jobs.js';

/** What producers in any language need to know of `identity-commands`: docs/job-schemas.json. */
export const jobSchemas = () => ({
  queue: IDENTITY_COMMANDS_QUEUE,
  jobs: Object.fromEntries(
    Object.values(identityCommandJobs).map((job) => [
      job.name,
      { priority: job.priority, attempts: job.attempts, data: jobJsonSchema(job) },
    ]),
  ),
});
