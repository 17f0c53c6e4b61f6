import { z } from 'zod';
import { isStorable } from '#platform';
import { IdentityCreate, IdentityId, IdentityUpdate, IdentityUpsert, PropertyList } from './identity.wire.js';

/** The queue any producer may add identity commands to. */
export const IDENTITY_COMMANDS_QUEUE = 'identity-commands';

const text = z
  .string()
  .min(1)
  .max(255)
  .refine(isStorable, 'must not hold NUL characters or unpaired surrogates');

/** What every job may carry beside its command. */
const envelope = {
  idempotency_key: text.optional().meta({
    description: 'The same key is done once, also when the job is added twice; default: the job itself.',
  }),
  correlation_id: text
    .optional()
    .meta({ description: 'Kept in the metadata of every event this job causes.' }),
};

/** The shapes of the jobs by name, as they travel: the API's spelling. */
export const identityJobs = {
  'identity.create': IdentityCreate.extend(envelope).meta({ id: 'identity.create' }),
  'identity.modify': z
    .strictObject({ ...envelope, identity_id: IdentityId, changes: IdentityUpdate })
    .meta({ id: 'identity.modify' }),
  'identity.upsert': IdentityUpsert.extend(envelope).meta({ id: 'identity.upsert' }),
  'identity.upsert-properties': z
    .strictObject({ ...envelope, identity_id: IdentityId, properties: PropertyList })
    .meta({ id: 'identity.upsert-properties' }),
  'identity.delete': z.strictObject({ ...envelope, identity_id: IdentityId }).meta({ id: 'identity.delete' }),
  'identity.upsert-batch': z
    .strictObject({ ...envelope, identities: z.array(IdentityUpsert).min(1).max(1_000) })
    .meta({ id: 'identity.upsert-batch', description: 'Many upserts in one transaction: all or none.' }),
} as const;

export type IdentityJobName = keyof typeof identityJobs;
export type IdentityJob<Name extends IdentityJobName> = z.infer<(typeof identityJobs)[Name]>;
