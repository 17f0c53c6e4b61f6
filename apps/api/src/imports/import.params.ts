import { z } from 'zod';
import { importFormatSettingsSchema, importMappingSchema } from '#imports';
import { OutsideJsonError, parseOutsideJson } from '#platform';

/** A mapping in the query: JSON, percent-encoded. */
export const mappingParam = z
  .string()
  .transform((text, context) => {
    try {
      return parseOutsideJson(text);
    } catch (error) {
      if (!(error instanceof OutsideJsonError)) throw error;
      context.addIssue(`expected JSON, percent-encoded: it ${error.message}`);
      return z.NEVER;
    }
  })
  .pipe(importMappingSchema)
  .meta({
    description: 'How a record becomes an identity, as JSON.',
    parameterSchema: { type: 'string', contentMediaType: 'application/json' },
  });

const { kind, encoding, delimiter, newline } = importFormatSettingsSchema.shape;

/** What the caller knows better than detection. */
export const formatParams = {
  format: kind,
  encoding,
  delimiter,
  quote: z
    .enum(['"', "'", 'none'])
    .optional()
    .meta({ description: '`none` when quotes mean nothing in the file.' }),
  newline: newline.meta({ parameterSchema: { type: 'string', enum: ['\n', '\r'] } }),
};

const FormatQuery = z.object(formatParams);

export const formatOf = ({ format, quote, ...given }: z.output<typeof FormatQuery>) =>
  importFormatSettingsSchema.parse({
    kind: format,
    quote: quote === 'none' ? '' : quote,
    encoding: given.encoding,
    delimiter: given.delimiter,
    newline: given.newline,
  });

export const RetryShape = z.strictObject({
  mapping: importMappingSchema.optional(),
  dry_run: z.boolean().optional(),
});
