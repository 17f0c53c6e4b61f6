import { z } from 'zod';
import { isSalesforceId, to18 } from './salesforce.ids.js';

export const salesforceIdSchema = z
  .string()
  .refine(isSalesforceId, { message: 'is not a Salesforce id' })
  .transform(to18);

const timeSchema = z
  .string()
  .refine((text) => !Number.isNaN(Date.parse(text)), { message: 'is not a time' })
  .transform((text) => new Date(text).toISOString());

/** Shapes are loose on purpose: which fields there are is the org's own business. */
export const recordSchema = z.looseObject({
  Id: salesforceIdSchema,
  SystemModstamp: timeSchema,
  IsDeleted: z.boolean().optional(),
  IsConverted: z.boolean().optional(),
  MasterRecordId: salesforceIdSchema.nullish(),
});
export type SalesforceRecord = z.output<typeof recordSchema>;

/** Records stay unknown here, so that a bad one rejects itself and not its page. */
export const querySchema = z.looseObject({
  totalSize: z.int().min(0),
  done: z.boolean(),
  nextRecordsUrl: z.string().optional(),
  records: z.array(z.unknown()),
});

export const loserSchema = z.looseObject({ Id: salesforceIdSchema, MasterRecordId: salesforceIdSchema });

export const organizationSchema = z.looseObject({
  records: z.tuple([z.looseObject({ Id: salesforceIdSchema })]),
});

export const describeSchema = z.looseObject({
  fields: z.array(
    z.looseObject({
      name: z.string(),
      label: z.string(),
      type: z.string(),
      inlineHelpText: z.string().nullish(),
      picklistValues: z.array(z.looseObject({ value: z.string(), active: z.boolean() })).optional(),
      calculated: z.boolean().optional(),
      unique: z.boolean().optional(),
    }),
  ),
});

export const tokenSchema = z.looseObject({
  access_token: z.string().min(1),
  instance_url: z.url(),
  refresh_token: z.string().min(1).optional(),
});

/** Errors of the data API are a list; those of the login are one object. */
export const errorsSchema = z.array(
  z.looseObject({ errorCode: z.string().optional(), message: z.string().optional() }),
);
export const loginErrorSchema = z.looseObject({
  error: z.string(),
  error_description: z.string().optional(),
});
