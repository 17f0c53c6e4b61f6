import { z } from 'zod';

const text = z.string().nullish();
const contactValues = z
  .array(z.looseObject({ value: text, primary: z.boolean().nullish(), label: text }))
  .nullish();

/** Shapes are loose on purpose: a field that is new and nobody reads must not fail a page. */
export const itemSchema = z.looseObject({
  id: z.int().positive(),
  name: text,
  emails: contactValues,
  phones: contactValues,
  org_id: z.int().nullish(),
  update_time: text,
  is_deleted: z.boolean().nullish(),
  custom_fields: z.record(z.string(), z.unknown()).nullish(),
});

/** Records stay unknown here, so that a bad one rejects itself and not its page. */
export const listSchema = z.looseObject({
  success: z.literal(true),
  data: z.array(z.unknown()),
  additional_data: z.looseObject({ next_cursor: z.string().min(1).nullish() }).nullish(),
});

/** Version 2 speaks of `field_code` and cursors, version 1 of `key` and offsets. */
const fieldSchema = z
  .looseObject({
    field_code: z.string().optional(),
    field_name: z.string().optional(),
    key: z.string().optional(),
    name: z.string().optional(),
    field_type: z.string(),
    description: text,
    options: z.array(z.looseObject({ label: z.string() })).nullish(),
  })
  .refine((field) => field.field_code ?? field.key, { message: 'field_code is missing' });

export const fieldsSchema = z.looseObject({
  success: z.literal(true),
  data: z.array(fieldSchema),
  additional_data: z
    .looseObject({
      next_cursor: z.string().min(1).nullish(),
      pagination: z
        .looseObject({ more_items_in_collection: z.boolean(), next_start: z.int().nullish() })
        .nullish(),
    })
    .nullish(),
});

export const userSchema = z.looseObject({
  success: z.literal(true),
  data: z.looseObject({ company_id: z.int().positive() }),
});

export const tokenSchema = z.looseObject({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
  expires_in: z.number().positive(),
  api_domain: z.url().optional(),
});

/** Error bodies differ between the API, the gateway and the token endpoint. */
export const errorSchema = z
  .looseObject({ error: z.string(), errorCode: z.union([z.number(), z.string()]), code: z.string() })
  .partial();

const idSchema = z.union([z.int().positive(), z.string().regex(/^\d+$/)]).transform(String);

export const webhookSchema = z.looseObject({
  meta: z.looseObject({
    action: z.string(),
    entity: z.string(),
    entity_id: idSchema,
    company_id: idSchema,
    id: z.string().min(1),
    timestamp: text,
    change_source: text,
    merged_to_id: idSchema.nullish(),
  }),
});

export type PipedriveItem = z.output<typeof itemSchema>;
export type PipedriveField = z.output<typeof fieldSchema>;
export type PipedriveEvent = z.output<typeof webhookSchema>['meta'];
