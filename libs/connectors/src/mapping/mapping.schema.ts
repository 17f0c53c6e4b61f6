import { z } from 'zod';
import { EXPRESSION_BOUNDS } from '#mapping';

export const IDENTITY_TYPES = ['org', 'user', 'other'] as const;
export const PROPERTY_TYPES = ['string', 'number', 'boolean', 'json'] as const;

const expressionSchema = z.string().trim().min(1).max(EXPRESSION_BOUNDS.length);

export const propertyMappingSchema = z.strictObject({
  key: z.string().min(1).max(200),
  type: z.enum(PROPERTY_TYPES),
  value: expressionSchema,
});

/** How one source record becomes one identity: a document of JSONata expressions, kept with the connection. */
export const mappingSchema = z.strictObject({
  version: z.literal(1),
  identifier_key: expressionSchema,
  name: expressionSchema,
  identity_type: expressionSchema,
  properties: z
    .array(propertyMappingSchema)
    .max(200)
    .default([])
    .superRefine((properties, context) => {
      const keys = properties.map(({ key }) => key);
      const repeated = keys.findIndex((key, index) => keys.indexOf(key) !== index);
      if (repeated >= 0)
        context.addIssue({
          code: 'custom',
          path: [repeated, 'key'],
          message: `${keys[repeated]} is mapped twice`,
        });
    }),
});

export type MappingDocument = z.input<typeof mappingSchema>;
export type ParsedMapping = z.output<typeof mappingSchema>;
export type PropertyType = (typeof PROPERTY_TYPES)[number];
export type IdentityType = (typeof IDENTITY_TYPES)[number];
