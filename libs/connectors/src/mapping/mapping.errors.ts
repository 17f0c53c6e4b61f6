/** One thing wrong with one field, in words for the person who owns the mapping. */
export interface FieldError {
  readonly field: string;
  readonly code: FieldErrorCode;
  readonly reason: string;
}

export type FieldErrorCode =
  | 'INVALID_EXPRESSION'
  | 'EXPRESSION_FAILED'
  | 'EXPRESSION_LIMIT'
  | 'MISSING'
  | 'WRONG_TYPE'
  | 'NOT_ALLOWED'
  | 'TOO_LONG';

/** A mapping document that cannot be used; every fault is listed, not only the first. */
export class InvalidMappingError extends Error {
  override readonly name = 'InvalidMappingError';
  readonly code = 'INVALID_MAPPING';
  constructor(readonly errors: readonly FieldError[]) {
    super(`The mapping is not valid: ${errors.map((e) => `${e.field}: ${e.reason}`).join('; ')}`);
  }
}
