export interface MappingProblem {
  readonly field: string;
  readonly reason: string;
}

/** A mapping that cannot work for this file; every problem is named before any row is taken. */
export class ImportMappingError extends Error {
  override readonly name = 'ImportMappingError';
  readonly code = 'INVALID_IMPORT_MAPPING';
  constructor(readonly problems: readonly MappingProblem[]) {
    super(
      `The mapping does not fit: ${problems.map(({ field, reason }) => `${field} ${reason}`).join('; ')}`,
    );
  }
}
