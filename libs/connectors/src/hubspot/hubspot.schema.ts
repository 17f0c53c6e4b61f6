import { z } from 'zod';

/** Shapes are loose on purpose: HubSpot adds fields, and a field nobody reads must not fail a page. */
export const objectSchema = z.looseObject({
  id: z.string().regex(/^\d+$/),
  properties: z.record(z.string(), z.string().nullable()),
  createdAt: z.string().optional(),
  updatedAt: z.string().nullish(),
  archived: z.boolean().optional(),
  archivedAt: z.string().nullish(),
});

const pagingSchema = z.looseObject({ next: z.looseObject({ after: z.string() }).optional() }).nullish();

/** Records stay unknown here, so that a bad one rejects itself and not its page. */
export const listSchema = z.looseObject({
  results: z.array(z.unknown()),
  paging: pagingSchema,
  total: z.int().min(0).optional(),
});

export const batchReadSchema = z.looseObject({
  results: z.array(z.unknown()),
  errors: z
    .array(
      z.looseObject({
        category: z.string().optional(),
        context: z.looseObject({ ids: z.array(z.string()) }).optional(),
      }),
    )
    .optional(),
});

export const propertiesSchema = z.looseObject({
  results: z.array(
    z.looseObject({
      name: z.string(),
      label: z.string(),
      type: z.string(),
      description: z.string().optional(),
      options: z.array(z.looseObject({ value: z.string() })).optional(),
      calculated: z.boolean().optional(),
      hasUniqueValue: z.boolean().optional(),
      hidden: z.boolean().optional(),
    }),
  ),
});

export const accountSchema = z.looseObject({ portalId: z.int().positive() });

export const tokenSchema = z.looseObject({
  access_token: z.string().min(1),
  refresh_token: z.string().min(1).optional(),
  expires_in: z.number().positive(),
});

/** Every field of an error body is optional, by HubSpot's own word. */
export const errorSchema = z
  .looseObject({
    category: z.string(),
    errorType: z.string(),
    policyName: z.string(),
    correlationId: z.string(),
    error: z.string(),
    status: z.string(),
  })
  .partial();

const idSchema = z.union([z.int().positive(), z.string().regex(/^\d+$/)]).transform(String);

export const associationsSchema = z.looseObject({
  results: z.array(z.unknown()),
  errors: z
    .array(
      z.looseObject({
        category: z.string().optional(),
        subCategory: z.unknown().optional(),
        context: z.record(z.string(), z.array(z.string())).optional(),
      }),
    )
    .optional(),
});

export const associationRowSchema = z.looseObject({
  from: z.looseObject({ id: z.string().regex(/^\d+$/) }),
  to: z.array(z.looseObject({ toObjectId: idSchema })),
  paging: pagingSchema,
});

export const webhookEventSchema = z
  .looseObject({
    eventId: idSchema.optional(),
    subscriptionId: idSchema.optional(),
    portalId: idSchema,
    occurredAt: z.number().optional(),
    subscriptionType: z.string().optional(),
    eventType: z.string().optional(),
    objectId: idSchema.optional(),
    objectTypeId: z.string().optional(),
    propertyName: z.string().optional(),
    changeSource: z.string().optional(),
    fromObjectId: idSchema.optional(),
    toObjectId: idSchema.optional(),
    associationType: z.string().optional(),
    primaryObjectId: idSchema.optional(),
    newObjectId: idSchema.optional(),
    /** Two or three in practice. */
    mergedObjectIds: z.array(idSchema).max(1_000).optional(),
  })
  .refine((event) => event.subscriptionType ?? event.eventType, { message: 'subscriptionType is missing' });

export type HubSpotObject = z.output<typeof objectSchema>;
export type AssociationRow = z.output<typeof associationRowSchema>;
export type WebhookEvent = z.output<typeof webhookEventSchema>;
