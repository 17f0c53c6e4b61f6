import { ELSEWHERE } from './direct-expression.js';
import { type CompiledExpression, compileExpression } from './expression.js';
import { type FieldOutcome, type MappingResult, toMappedIdentity } from './mapped-identity.js';
import { ExpressionError, type FieldError, InvalidMappingError } from './mapping.errors.js';
import { mappingSchema, type PropertyType } from './mapping.schema.js';

/** A mapping document, checked and compiled, ready for any number of records. */
export interface CompiledMapping {
  /** The keys it owns: one that a record no longer fills was emptied at the source. */
  readonly propertyKeys: readonly string[];
  /** Whether a record that did not change may be mapped to something else the next time. */
  readonly volatile: boolean;
  map(record: unknown): Promise<MappingResult>;
}

/** Throws `InvalidMappingError` with every fault of the document. */
export function compileMapping(document: unknown): CompiledMapping {
  const fields = compileFields(parseDocument(document));
  return {
    propertyKeys: fields.flatMap(({ property }) => (property ? [property.key] : [])),
    volatile: fields.some(({ expression }) => expression.volatile),
    map: async (record) => {
      const outcomes: FieldOutcome[] = [];
      for (const field of fields)
        outcomes.push(directOutcome(field, record) ?? (await evaluateField(field, record)));
      return toMappedIdentity(outcomes);
    },
  };
}

interface MappingField {
  readonly field: string;
  readonly property?: { readonly key: string; readonly type: PropertyType };
  readonly expression: CompiledExpression;
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

function compileFields(mapping: ReturnType<typeof parseDocument>): MappingField[] {
  const errors: FieldError[] = [];
  const compile = (field: string, source: string, property?: MappingField['property']): MappingField[] => {
    try {
      return [{ field, expression: compileExpression(source), property }];
    } catch (error) {
      errors.push(fieldError(field, error));
      return [];
    }
  };
  const fields = [
    ...compile('identifier_key', mapping.identifier_key),
    ...compile('name', mapping.name),
    ...compile('identity_type', mapping.identity_type),
    ...mapping.properties.flatMap(({ key, type, value }) =>
      compile(`properties.${key}`, value, { key, type }),
    ),
  ];
  if (errors.length > 0) throw new InvalidMappingError(errors);
  return fields;
}

/** Most fields of most records need no waiting, and a promise costs more than evaluating them. */
function directOutcome({ field, property, expression }: MappingField, record: unknown): FieldOutcome | null {
  const value = expression.direct(record);
  return value === ELSEWHERE ? null : { field, property, value };
}

async function evaluateField(
  { field, property, expression }: MappingField,
  record: unknown,
): Promise<FieldOutcome> {
  try {
    return { field, property, value: await expression.evaluate(record) };
  } catch (error) {
    return { field, property, value: undefined, error: fieldError(field, error) };
  }
}

function fieldError(field: string, error: unknown): FieldError {
  if (!(error instanceof ExpressionError)) throw error;
  return { field, code: error.code, reason: error.message };
}
