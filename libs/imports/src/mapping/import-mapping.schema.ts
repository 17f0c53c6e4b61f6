import { z } from 'zod';
import { MAX_ENTRIES, PropertyKey } from '#identity';
import { isStorable } from '#platform';
import { VALUE_TYPES } from './typed-value.js';

const type = z.enum(VALUE_TYPES).optional();
const text = z.string().refine(isStorable, 'must not hold NUL characters or unpaired surrogates');
const name = text.min(1).max(1_000);

/** A column's name, `=` before a literal, or an object where the column needs a type or the value a JSONata expression. */
export const valueSourceSchema = z.union([
  name,
  z.strictObject({ column: name, type }),
  z.strictObject({ jsonata: text.trim().min(1).max(4_000), type }),
]);
export type ValueSource = z.infer<typeof valueSourceSchema>;

/** How a record of a file becomes an identity, by the names of the API. */
export const importMappingSchema = z.strictObject({
  identifier_key: valueSourceSchema,
  name: valueSourceSchema,
  identity_type: valueSourceSchema,
  project_id: valueSourceSchema.optional(),
  properties: z
    .record(PropertyKey, valueSourceSchema)
    .refine(
      (properties) => Object.keys(properties).length <= MAX_ENTRIES,
      `At most ${MAX_ENTRIES} properties`,
    )
    .default({}),
});
export type ImportMapping = z.infer<typeof importMappingSchema>;
export type ImportMappingInput = z.input<typeof importMappingSchema>;
