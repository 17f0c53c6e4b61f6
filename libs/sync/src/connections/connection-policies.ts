import { z } from 'zod';

/** Who wins where a record and a change made here differ. */
export const FIELD_OWNERS = ['source_wins', 'local_wins', 'newest_wins'] as const;
export type FieldOwner = (typeof FIELD_OWNERS)[number];

/** What becomes of a record whose identifier key belongs to another identity. */
export const KEY_CONFLICT_POLICIES = ['hold', 'merge', 'keep_old'] as const;
export type KeyConflictPolicy = (typeof KEY_CONFLICT_POLICIES)[number];

const FIELD = /^(name|identity_type|properties\..{1,256})$/;

/** What a connection may do without asking a person. */
export const connectionPoliciesSchema = z
  .strictObject({
    fields: z
      .record(
        z.string().regex(FIELD, 'expected name, identity_type or properties.<key>'),
        z.enum(FIELD_OWNERS),
      )
      .default({})
      .meta({ description: 'Who wins, field by field; a field that is not named: source_wins.' }),
    key_conflict: z
      .enum(KEY_CONFLICT_POLICIES)
      .default('hold')
      .meta({ description: 'What becomes of a record whose identifier key another identity has.' }),
    sweep_max_share: z
      .number()
      .min(0)
      .max(1)
      .default(0.1)
      .meta({ description: 'A sweep that would delete more than this share of a stream stops and says so.' }),
    retention_days: z
      .int()
      .min(1)
      .max(3_650)
      .default(30)
      .meta({ description: 'How long the outcome of each record is kept.' }),
    webhook_share: z
      .number()
      .min(0)
      .max(0.9)
      .default(0.2)
      .meta({ description: 'The share of the call budget that polling leaves to webhooks.' }),
  })
  .meta({ id: 'ConnectionPolicies' });

export type ConnectionPolicies = z.output<typeof connectionPoliciesSchema>;

export const DEFAULT_POLICIES: ConnectionPolicies = connectionPoliciesSchema.parse({});
