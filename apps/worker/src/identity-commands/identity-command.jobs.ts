import { IDENTITY_COMMANDS_QUEUE, identityJobs } from '#identity';
import { defineJob } from '#queue';

const queue = IDENTITY_COMMANDS_QUEUE;

/** A person may be waiting for a single command; a batch gives way to it. */
const SINGLE = 1;
const BULK = 10;

/** The jobs of the queue `identity-commands`, with their policies. */
export const identityCommandJobs = {
  create: defineJob({
    queue,
    name: 'identity.create',
    schema: identityJobs['identity.create'],
    priority: SINGLE,
  }),
  modify: defineJob({
    queue,
    name: 'identity.modify',
    schema: identityJobs['identity.modify'],
    priority: SINGLE,
  }),
  upsert: defineJob({
    queue,
    name: 'identity.upsert',
    schema: identityJobs['identity.upsert'],
    priority: SINGLE,
  }),
  upsertProperties: defineJob({
    queue,
    name: 'identity.upsert-properties',
    schema: identityJobs['identity.upsert-properties'],
    priority: SINGLE,
  }),
  delete: defineJob({
    queue,
    name: 'identity.delete',
    schema: identityJobs['identity.delete'],
    priority: SINGLE,
  }),
  upsertBatch: defineJob({
    queue,
    name: 'identity.upsert-batch',
    schema: identityJobs['identity.upsert-batch'],
    priority: BULK,
  }),
};

/** Rules that a second try would only break again. */
export const permanentIdentityCodes = [
  'IDENTITY_NOT_FOUND',
  'IDENTIFIER_KEY_TAKEN',
  'IDENTITY_LIMIT',
  'IDEMPOTENCY_KEY_REUSED',
] as const;
