import { z } from 'zod';
import { MAX_ENTRIES, PropertyKey } from '#identity';
import { valueTypes } from './typed-value.js';

const type = z.enum(valueTypes).optional();
const name = z.string().min(1).max(1_000);

/** A column's name, `=` before a literal, or an object where the column needs a type or the value a JSONata expression. */
export const valueSource = z.union([
  name,
  z.strictObject({ column: name, type }),
  z.strictObject({ jsonata: z.string().trim().min(1).max(4_000), type }),
]);
export type ValueSource = z.infer<typeof valueSource>;

/** How a record of a file becomes an identity, by the names of the API. */
export const importMapping = z.strictObject({
  identifier_key: valueSource,
  name: valueSource,
  identity_type: valueSource,
  project_id: valueSource.optional(),
  properties: z
    .record(PropertyKey, valueSource)
    .refine(
      (properties) => Object.keys(properties).length <= MAX_ENTRIES,
      `At most ${MAX_ENTRIES} properties`,
    )
    .default({}),
});
export type ImportMapping = z.infer<typeof importMapping>;
export type ImportMappingInput = z.input<typeof importMapping>;
