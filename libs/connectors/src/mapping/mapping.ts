import { compileExpressions, type EvaluateOptions, ExpressionError } from '#mapping';
import { type FieldOutcome, type MappingResult, toMappedIdentity } from './mapped-identity.js';
import { type FieldError, InvalidMappingError } from './mapping.errors.js';
import { mappingSchema, type PropertyType } from './mapping.schema.js';

/** A mapping document, checked and compiled, ready for any number of records. */
export interface CompiledMapping {
  /** The keys it owns: one that a record no longer fills was emptied at the source. */
  readonly propertyKeys: readonly string[];
  /** Whether a record that did not change may be mapped to something else the next time. */
  readonly volatile: boolean;
  /**
   * A result for each record, in order.
   * @throws HopelessExpressionsError, ExpressionsUnavailableError
   */
  map(records: readonly unknown[], options?: EvaluateOptions): Promise<MappingResult[]>;
}

/** @throws InvalidMappingError with every fault of the document; ExpressionsUnavailableError */
export async function compileMapping(document: unknown): Promise<CompiledMapping> {
  const fields = fieldsOf(parseDocument(document));
  const { expressions, faults } = await compileExpressions(fields);
  if (faults.length > 0)
    throw new InvalidMappingError(faults.map(({ field, error }) => fieldError(field, error)));
  return {
    propertyKeys: fields.flatMap(({ property }) => (property ? [property.key] : [])),
    volatile: expressions.volatile,
    map: async (records, options) => {
      const results = await expressions.evaluate(records, options);
      return results.map((values) =>
        toMappedIdentity(fields.map((field, place) => outcomeOf(field, values[place]))),
      );
    },
  };
}

interface MappingField {
  readonly field: string;
  readonly source: string;
  readonly property?: { readonly key: string; readonly type: PropertyType };
}

function parseDocument(document: unknown) {
  const parsed = mappingSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new InvalidMappingError(
    parsed.error.issues.map((issue) => ({
      field: issue.path.join('.') || 'mapping',
      code: 'NOT_ALLOWED',
      reason: issue.message,
    })),
  );
}

function fieldsOf(mapping: ReturnType<typeof parseDocument>): MappingField[] {
  return [
    { field: 'identifier_key', source: mapping.identifier_key },
    { field: 'name', source: mapping.name },
    { field: 'identity_type', source: mapping.identity_type },
    ...mapping.properties.map(({ key, type, value }) => ({
      field: `properties.${key}`,
      source: value,
      property: { key, type },
    })),
  ];
}

function outcomeOf({ field, property }: MappingField, value: unknown): FieldOutcome {
  return value instanceof ExpressionError
    ? { field, property, value: undefined, error: fieldError(field, value) }
    : { field, property, value };
}

const fieldError = (field: string, { code, message }: ExpressionError): FieldError => ({
  field,
  code,
  reason: message,
});
