import { z } from 'zod';
import { mappingSchema } from '#connectors';

const MAX_SAMPLE = 20;

/** What to look at: records that are named, or the first ones the vendor lists. */
export const PreviewRequest = z
  .strictObject({
    stream: z.string().min(1).max(64).meta({ example: 'contacts' }),
    mapping: mappingSchema.optional().meta({ description: "Default: the connection's own." }),
    external_ids: z.array(z.string().min(1).max(256)).min(1).max(MAX_SAMPLE).optional(),
    limit: z.int().min(1).max(MAX_SAMPLE).optional().meta({ description: 'Default: 5.' }),
  })
  .refine(({ external_ids, limit }) => !external_ids || limit === undefined, {
    path: ['limit'],
    error: 'expected either external_ids or limit',
  })
  .meta({ id: 'PreviewRequest' });
export type PreviewInput = z.output<typeof PreviewRequest>;
